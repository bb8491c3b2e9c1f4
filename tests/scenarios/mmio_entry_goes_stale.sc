# An MMIO entry knows which memslots it was made under.  After any change of them it is only
# made anew.
vm
memory ram 4m small
slot 0 1g 4m ram 0
vcpu 0
read 0 3g
@4 expect events mark_mmio_spte 1
slot 1 2g 4k ram 0
expect ret 0
# Adding a slot does not zap: the entry is still there.
expect events zap_all_fast 0
@4 expect spte 3g 1 mmio
read 0 3g
expect exit mmio read 3g
@4 expect events check_mmio_spte 1
@4 expect events handle_mmio_page_fault 0
@4 expect events spte 1
@4 expect events mark_mmio_spte 1
@4 expect stat pf_mmio_spte_created 1

# A change of nothing is none: the entry stays current.
slot-flags 1
expect ret 0
read 0 3g
expect events spte 0
@4 expect stat pf_taken 0
