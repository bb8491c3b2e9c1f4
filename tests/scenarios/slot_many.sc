# Many slots, every other one deleted and added again.
vm
memory ram 4m small
fill ram 0 4m
vcpu 0
repeat 48
	slot $i 1g+$i*128k 64k ram $i*64k
	expect ret 0
end
repeat 48
	write 0 1g+$i*128k+60k
	expect exit none
	read 0 1g+$i*128k+64k
	expect exit mmio read 1g+$i*128k+64k
end
repeat 24
	slot-delete $i*2
	expect ret 0
end
repeat 24
	read 0 1g+$i*256k
	expect exit mmio read 1g+$i*256k
	write 0 1g+$i*256k+128k
	expect exit none
end
repeat 24
	slot $i*2 1g+$i*256k 64k ram 0
	expect ret 0
end
sweep read 0 1g 128k
expect level 1g+60k 1
