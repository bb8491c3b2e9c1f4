# Many accesses, and how often they fault: each page once, however often it is accessed.
vm
memory ram 16m small
fill ram 0 16m
slot 0 1g 16m ram 0
vcpu 0
vcpu 1
sweep read 0 1g 2m
expect events page_fault 512
expect stat pages_4k 512
sweep mix 1 1g 2m
expect events page_fault 0
random write 1 1g 2m 2000 7
expect events page_fault 0
sweep exec 0 1g+2m 64k
expect events page_fault 16
# A range half of which has no memory.
sweep write 0 1g+16m-8k 16k
expect stat pages_4k 2
expect exit mmio write 1g+16m
expect exit mmio write 1g+16m+4k
