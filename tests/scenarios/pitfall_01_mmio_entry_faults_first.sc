# An MMIO entry is a misconfiguration on EPT, which has an exit of its own: no page fault is
# traced.  On NPT it is a page fault with a reserved bit.
vm
memory ram 4m small
slot 0 1g 4m ram 0
vcpu 0
vcpu 1
@4 write 0 3g
@4 expect spte 3g 1 mmio !leaf !table !removed !empty
@4 read 1 3g
@4 expect exit mmio read 3g
@4 @ept expect events page_fault 0
@4 @npt expect events page_fault 1
@4 expect events spte_requested 0
@4 expect events handle_mmio_page_fault 1
@5 @ept write 0 3g
@5 @ept expect spte 3g 1 mmio
@5 @ept read 1 3g
@5 @ept expect events page_fault 0
