vm
memory ram 64m small
set base 1g
slot 0 $base 64m ram 0
vcpu 0
vcpu 1
repeat 4
	write 0 $base+$i*4k
	expect spte $base+$i*4k 1 leaf dirty
	repeat 2 as v
		read $v $base+$i*4k
		expect events page_fault 0
	end
end

# All pages once, and 1000 accesses somewhere in them from a seed.
sweep write 0 $base 64m
random mix 1 $base 64m 1000 42
expect events page_fault 0
expect stat pages_4k 0
