# The same without eager splitting: the huge page loses W for good, and a write splits it.
vm
memory ram 4m thp
fill ram 0 4m
slot 0 1g 4m ram 0
manual-protect 3
param eager_page_split N
vcpu 0
write 0 1g
slot-flags 0 log
expect spte 1g 2 leaf w
dirty-clear 0 128 64
expect events split_huge_page 0
expect events flush_remote_tlbs 1
expect spte 1g 2 leaf !w !mmu-writable host-writable
write 0 1g+512k
expect level 1g+512k 1
expect spte 1g+512k 1 leaf w mmu-writable
dirty-get 0
expect dirty 0-128
expect dirty 192-1023
