# The last page of the guest's physical address space: of 40 bits with four levels, of 52
# with five.
@4 set last 0xfffffff000
@5 set last 0xffffffffff000
vm
memory ram 4m small
# KVM refuses a slot that goes one page further, or lies beyond.
slot 0 $last-4k 12k ram 0
expect ret -22
slot 0 $last+4k 4k ram 0
expect ret -22
slot 0 $last 4k ram 0
expect ret 0
vcpu 0
write 0 $last
expect events page_fault 1
expect exit none
expect spte $last 1 leaf w dirty
write 0 $last+0xff8
expect events page_fault 0
# One page lower there is no memory.
read 0 $last-8
expect exit mmio read $last-8
expect level $last 1
# The slot can go, and what was memory is MMIO.
slot-delete 0
expect ret 0
write 0 $last
expect exit mmio write $last
