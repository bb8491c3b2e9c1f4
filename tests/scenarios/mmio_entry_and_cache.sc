# MMIO: the first access makes an entry that faults quickly, the vCPU remembers one gfn, and
# other vCPUs find the entry.  With 52 address bits NPT has no reserved bit for it.
vm
memory ram 4m small
slot 0 1g 4m ram 0
vcpu 0
vcpu 1
read 0 3g
expect exit mmio read 3g
expect stat pf_taken 1
expect stat pf_emulate 1
@4 expect stat pf_mmio_spte_created 1
@4 expect events mark_mmio_spte 1
@4 expect spte 3g 1 mmio !present
@npt @5 expect stat pf_mmio_spte_created 0
@npt @5 expect level 3g 0

# The vCPU's own cache: no walk, no statistics.
write 0 3g
expect exit mmio write 3g
@ept expect events page_fault 0
@4 expect events check_mmio_spte 0
@4 expect stat pf_taken 0
@npt @5 expect stat pf_taken 1

# Another vCPU looks at the entry.
read 1 3g
expect exit mmio read 3g
@4 expect events check_mmio_spte 1
@4 expect events handle_mmio_page_fault 1
@4 expect stat pf_taken 0

# The cache has one gfn.
read 0 3g+4k
@4 expect events mark_mmio_spte 1
read 0 3g
@4 expect events handle_mmio_page_fault 1
