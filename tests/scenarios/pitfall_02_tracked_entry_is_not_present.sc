# param: eptad=N
# Without A bits aging takes all rights away.  The CPU finds the entry not present, and that
# is what makes the fault fit for the fast path, which gives R and X back; W only comes with a
# write.
vm
memory ram 4m small
slot 0 1g 4m ram 0
vcpu 0
write 0 1g
@!v6.12 expect spte 1g 1 bits=0x0610000000000877
@v6.12 expect spte 1g 1 bits=0x8610000000000877
age ram 0 4k
expect events flush_remote_tlbs 1
expect spte 1g 1 leaf tracked !r !w !x !accessed mmu-writable
@!v6.12 expect spte 1g 1 bits=0x0750000000000870
@v6.12 expect spte 1g 1 bits=0x8750000000000870
read 0 1g
expect events fast_page_fault 1
expect events spte_requested 0
expect stat pf_fast 1
expect stat pf_fixed 1
expect spte 1g 1 !tracked r x !w accessed
@!v6.12 expect spte 1g 1 bits=0x0610000000000875
write 0 1g
expect stat pf_fast 1
expect spte 1g 1 r w x dirty
