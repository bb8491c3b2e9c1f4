# A write to memory that was never written: the host makes a page, and the mapping has
# all rights, A and D, and KVM's own two writable bits.
vm
memory ram 4m small
slot 0 1g 4m ram 0
vcpu 0
write 0 1g
expect exit none
expect events page_fault 1
expect events flush_remote_tlbs 0
expect stat pf_taken 1
expect stat pf_fixed 1
expect stat pages_4k 1
expect spte 1g 1 leaf r w x accessed dirty host-writable mmu-writable
# Write-back memory whatever the guest's PAT says (EPT: type 6, IPAT).
@ept @!v6.12 expect spte 1g 1 bits=0x0600000000000b77
@ept @v6.12 expect spte 1g 1 bits=0x8600000000000b77
@npt expect spte 1g 1 bits=0xe67
# Bits of an entry that points to a table: all rights, A, no software bits.
@ept @!v6.12 expect spte 1g 2 table bits=0x907
@ept @v6.12 expect spte 1g 2 table bits=0x8000000000000907
@npt expect spte 1g 2 table bits=0x827
# All is mapped: nothing faults any more.
write 0 1g+0xff8
expect events page_fault 0
