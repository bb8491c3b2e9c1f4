# A log that begins with all bits set: huge pages stay whole and writable until bits are cleared.
vm
memory ram 4m thp
fill ram 0 4m
slot 0 1g 4m ram 0
manual-protect 3
vcpu 0
write 0 1g
write 0 1g+2m
slot-flags 0 log
expect events flush_remote_tlbs 0
expect events split_huge_page 0
expect spte 1g 2 leaf w
dirty-get 0
expect dirty 0-1023
# Clearing part of it splits the huge page that this touches.
dirty-clear 0 0 64
expect events split_huge_page 1
expect level 1g 1
expect level 1g+2m 2
@ept expect spte 1g 1 w !dirty
@npt expect spte 1g 1 !w mmu-writable
expect spte 1g+256k 1 w dirty
dirty-get 0
expect dirty 64-1023
dirty-clear 0 64 960
expect events split_huge_page 1
dirty-get 0
expect dirty none
write 0 1g+2m+8k
dirty-get 0
expect dirty 514-514
