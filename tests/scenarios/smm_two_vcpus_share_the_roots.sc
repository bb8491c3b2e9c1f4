# As long as another vCPU stays outside SMM, no kernel loses the normal root.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0
smram
vcpu 0
vcpu 1
sweep read 0 1g 64k
repeat 8
	smi 0
	expect exit smm
	expect level 1g 1
end
smi 1
expect exit smm
sweep read 1 1g 64k
expect events page_fault 0
