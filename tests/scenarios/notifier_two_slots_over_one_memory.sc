# Two slots over the same host memory, and a third that overlaps both: one call of the notifiers
# takes out the mappings of all, and flushes once.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 2m ram 0
slot 1 2g 2m ram 0
slot 2 3g 2m ram 1m
vcpu 0
write 0 1g+1m
write 0 2g+1m
write 0 3g
expect stat pages_4k 1
age ram 1m 4k
expect events flush_remote_tlbs 1
expect spte 1g+1m 1 !accessed
expect spte 2g+1m 1 !accessed
expect spte 3g 1 !accessed
madvise ram 1m 4k dontneed
expect events spte 3
expect events flush_remote_tlbs 1
expect stat pages_4k -3
# Only the first slot goes; but that zaps everything.
write 0 1g
write 0 2g
slot-delete 0
expect level 2g 0
write 0 2g
expect exit none
write 0 1g
expect exit mmio write 1g
