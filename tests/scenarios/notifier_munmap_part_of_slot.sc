# Memory goes from the middle of a slot and comes back nowhere.
vm
memory ram 4m thp
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
sweep read 0 1g 4m
expect stat pages_2m 2
munmap ram 1m 4k
# The host's huge page is cut, so KVM's goes as a whole.
expect level 1g 0
expect level 1g+2m 2
expect stat pages_2m -1
read 0 1g
expect level 1g 1
read 0 1g+1m
expect exit error 14
read 0 1g+1028k
expect exit none
expect level 1g+1028k 1
