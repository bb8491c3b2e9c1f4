# Where the host has small pages there is nothing to join, and nothing is zapped.
vm
memory ram 8m thp
madvise ram 0 4m nohugepage
fill ram 0 8m
slot 0 1g 8m ram 0
vcpu 0
sweep write 0 1g 8m
slot-flags 0 log
slot-flags 0
expect level 1g 1
expect level 1g+2m 1
expect level 1g+4m 0
expect level 1g+6m 0
expect events flush_remote_tlbs 2
# The small pages kept W, or get it back on a write.
@ept expect spte 1g 1 w !dirty
@npt expect spte 1g 1 !w mmu-writable
write 0 1g
expect spte 1g 1 w dirty
