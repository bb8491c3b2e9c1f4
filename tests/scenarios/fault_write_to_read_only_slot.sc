# A write to a read-only slot is left to the VMM.  The host is not even asked.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0 ro
vcpu 0
write 0 1g
expect exit mmio write 1g
expect level 1g 0
expect stat pf_emulate 1
expect stat pf_mmio_spte_created 0

# It can be read; the page is the host's to write, but not KVM's.
read 0 1g
expect exit none
expect spte 1g 1 leaf r x !w !host-writable !mmu-writable

# The fast path looks at a write to a present entry, and finds that it may not help.
write 0 1g
expect exit mmio write 1g
expect events fast_page_fault 1
expect stat pf_fast 0
expect stat pf_emulate 1
expect events spte 0
exec 0 1g
expect exit none
expect events page_fault 0
