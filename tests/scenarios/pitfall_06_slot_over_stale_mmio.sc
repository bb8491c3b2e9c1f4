# A page that is faulted in over a stale MMIO entry gets W but not D, since bit 1 of the old
# entry is taken for W.  No harm: the CPU sets D with the first write.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
read 0 3g
slot 1 3g 4k ram 0
read 0 3g
expect exit none
expect spte 3g 1 leaf w mmu-writable accessed
@4 expect spte 3g 1 !dirty
@ept expect spte 3g 1 !dirty
# There is no MMIO entry on NPT with 52 address bits.
@5 @npt expect spte 3g 1 dirty
write 0 3g
expect events page_fault 0
expect spte 3g 1 dirty
