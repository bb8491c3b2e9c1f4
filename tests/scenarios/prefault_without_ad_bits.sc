# param: eptad=N
# Without A bits what was mapped ahead is marked as not accessed: it has no rights until the
# first access.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
prefault 0 1g 8k
expect spte 1g 1 leaf tracked !r !w !x mmu-writable
read 0 1g
expect events page_fault 1
expect stat pf_fast 1
expect spte 1g 1 r x !tracked
write 0 1g+4k
expect stat pf_fast 1
expect spte 1g+4k 1 w
