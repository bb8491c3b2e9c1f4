# param: pml=N
# EPT with A/D bits but without PML logs by write protection, as NPT does.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
sweep write 0 1g 16k
slot-flags 0 log
@!v6.12 expect spte 1g 1 bits=0x0600000000000b75
@v6.12 expect spte 1g 1 bits=0x8600000000000b75
write 0 1g
expect events fast_page_fault 1
expect events spte_requested 0
expect stat pf_fast 1
expect stat pf_fixed 1
expect spte 1g 1 w dirty
write 0 1g
expect events page_fault 0
# A page that was not mapped is not for the fast path.  It comes in writable, and counts as written.
write 0 1g+32k
expect events fast_page_fault 0
expect stat pf_fast 0
dirty-get 0
expect dirty 0-0
expect dirty 8-8
expect spte 1g 1 !w mmu-writable
expect spte 1g+4k 1 !w mmu-writable
