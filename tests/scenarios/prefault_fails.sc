# What cannot be mapped ahead: no slot is ENOENT, no memory EFAULT.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 16k ram 0
slot 1 2g 8k ram 16k ro
vcpu 0
prefault 0 3g 4k
expect ret -2
munmap ram 8k 4k
prefault 0 1g 16k
expect ret -14
# It gets as far as it gets.
expect level 1g+4k 1
expect level 1g+12k 0
# A read-only slot can be mapped: it is no write.
prefault 0 2g 8k
expect ret 0
expect spte 2g 1 leaf !w
