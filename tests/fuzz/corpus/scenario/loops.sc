vm
memory m 1m small
set b 1g
slot 0 $b 1m m 0
vcpu 0
repeat 3 as x
	repeat 2
		write 0 $b+$x*4k+$i*8
	end
end
