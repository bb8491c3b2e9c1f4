# Dirty logging where the CPU logs (PML, on EPT): pages stay writable, and lose only D; there are
# no faults.  NPT takes W away, and the fast path gives it back.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
sweep write 0 1g 32k
slot-flags 0 log
expect events flush_remote_tlbs 1
@ept expect spte 1g 1 leaf w !dirty
@ept @!v6.12 expect spte 1g 1 bits=0x0600000000000977
@npt expect spte 1g 1 leaf !w dirty mmu-writable bits=0xe65
write 0 1g+8k
@ept expect events page_fault 0
@npt expect events fast_page_fault 1
@npt expect stat pf_fast 1
read 0 1g+12k
expect events page_fault 0
dirty-get 0
expect dirty 2-2
expect events flush_remote_tlbs 1
# The page is watched again; without a write there is nothing to fetch and nothing to flush.
dirty-get 0
expect dirty none
expect events flush_remote_tlbs 0
write 0 1g+8k
dirty-get 0
expect dirty 2-2
