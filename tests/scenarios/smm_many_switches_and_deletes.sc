# vCPUs go in and out of SMM while slots go away: each deletion invalidates the roots of both
# address spaces, and those who come back build new ones.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 2m ram 0
smram
repeat 4 as v
	vcpu $v
end
repeat 8
	slot 1 2g 2m ram 2m
	expect ret 0
	repeat 4 as v
		write $v 2g+$v*4k
		expect exit none
		smi $v
		expect exit smm
		read $v 1g+$v*4k
	end
	# A mapping and its root are gone when the call returns, in SMM as outside.
	slot-delete 1
	expect ret 0
	expect events zap_all_fast 1
	expect level 1g 0
	expect level smm 0x38000 0
	repeat 4 as v
		smi $v
		expect exit smm
		read $v 2g
		expect exit mmio read 2g
	end
end
