vm
memory m 64k small
slot 3 2m 64k m 0
vcpu 0
write 0 2m
expect spte 2m 1 leaf w x mmu-w host-w dirty accessed
expect level 2m 1
expect stat pages_4k 1
expect events page_fault 1
expect exit none
read 0 3g
expect exit mmio read 3g
expect exit mmio
slot 4 2m 64k m 0
expect ret -17
dirty-get 3
expect ret -2
expect dirty none
age m 0 64k
expect young 1
