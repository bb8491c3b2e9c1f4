# A fork makes all memory of the VMM copy-on-write: all that the guest has mapped of it goes.  The
# child ends at once, so the pages are written again without a copy.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
write 0 1g
fork
expect level 1g 0
expect level 0 0
# A read finds the host's entry read-only.
read 0 1g
expect spte 1g 1 leaf !w !host-writable
# The write finds that nobody shares the page any more: no notifier, no flush.
write 0 1g
expect spte 1g 1 leaf w dirty
expect events flush_remote_tlbs 0
expect events page_fault 1
