# While a nested guest runs, PML would log the wrong addresses.  So its entries are of a type that
# is logged by write protection, though A/D bits are on.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
nested 0 on
write 0 1g
@ept @!v6.12 expect spte nested 1g 1 leaf bits=0x0620000000000b77
@ept @v6.12 expect spte nested 1g 1 leaf bits=0x8620000000000b77
@npt expect spte nested 1g 1 leaf bits=0xe67
slot-flags 0 log
expect spte nested 1g 1 leaf !w mmu-writable
dirty-get 0
expect dirty none
write 0 1g
expect events fast_page_fault 1
expect stat pf_fast 1
dirty-get 0
expect dirty 0-0
expect spte nested 1g 1 !w
# Out of it, the CPU logs on EPT; on NPT nothing is different.
nested 0 off
write 0 1g
dirty-get 0
expect dirty 0-0
@ept expect spte 1g 1 leaf w !dirty
@npt expect spte 1g 1 leaf !w
