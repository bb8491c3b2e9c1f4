# A read of memory that was never written maps the page of zeroes, which nobody may write.
vm
memory ram 4m small
slot 0 1g 4m ram 0
vcpu 0
read 0 1g
expect spte 1g 1 leaf r !w x accessed !host-writable !mmu-writable
@ept @!v6.12 expect spte 1g 1 bits=0x975
@ept @v6.12 expect spte 1g 1 bits=0x8000000000000975
@npt expect spte 1g 1 bits=0x825

# The write breaks the sharing.  The host calls the MMU notifiers for it, so the fault that
# asked for the page is out of date, and comes a second time.
write 0 1g
expect events page_fault 2
expect events flush_remote_tlbs 1
expect stat pf_taken 2
expect stat pf_fixed 1
expect stat pages_4k 0
expect spte 1g 1 leaf w dirty host-writable mmu-writable

# An access to another page of zeroes has the same frame, and is not affected.
read 0 1g+4k
read 0 1g+8k
write 0 1g+4k
expect spte 1g+8k 1 leaf !w
