# A slot that is read-only and logs: nobody can dirty it.
vm
memory ram 4m thp
fill ram 0 4m
slot 0 1g 4m ram 0 log,ro
vcpu 0
read 0 1g
expect spte 1g 1 leaf r !w !mmu-writable
write 0 1g
expect exit mmio write 1g
dirty-get 0
expect ret 0
expect dirty none
# The end of logging does not touch a read-only slot's mappings, nor does its beginning.
slot-flags 0 ro
expect ret 0
expect events spte 0
expect events flush_remote_tlbs 0
expect level 1g 1
slot-flags 0 log,ro
expect events spte 0
expect events flush_remote_tlbs 0
# It cannot become writable.
slot-flags 0 log
expect ret -22
write 0 1g
expect exit mmio write 1g
