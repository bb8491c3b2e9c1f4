# The host wants memory back but has nowhere to put it.  That of v6.1 asks for the age of each page
# on the way, with a flush for those that are young; that of v6.12 does not ask KVM.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
sweep write 0 1g 16k
idle ram 0 16k
@!v6.12 expect events flush_remote_tlbs 4
@!v6.12 expect spte 1g 1 leaf !accessed
@v6.12 expect events flush_remote_tlbs 0
@v6.12 expect spte 1g 1 leaf accessed
idle ram 0 16k
expect events flush_remote_tlbs 0
expect level 1g 1
write 0 1g
expect events page_fault 0
expect spte 1g 1 accessed
