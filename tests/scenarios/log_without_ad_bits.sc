# param: eptad=N
# Without A/D bits W is the dirty bit.
vm
memory ram 4m thp
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
write 0 1g
expect spte 1g 2 leaf w dirty
slot-flags 0 log
expect events split_huge_page 1
expect spte 1g 1 leaf r !w x !dirty mmu-writable
write 0 1g
expect stat pf_fast 1
expect spte 1g 1 dirty
dirty-get 0
expect dirty 0-0
slot-flags 0
expect level 1g 0
read 0 1g
expect spte 1g 2 leaf w
