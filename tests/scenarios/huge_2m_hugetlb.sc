# Memory of 2 MiB pages.  A page that was never touched is mapped read-only by a read, since the
# host's own entry is, and made writable in place by a write.
vm
memory ram 4m hugetlb2m
slot 0 1g 4m ram 0
vcpu 0
write 0 1g
expect level 1g 2
expect stat pages_2m 1
@ept @!v6.12 expect spte 1g 2 bits=0x0600000000000bf7
@npt expect spte 1g 2 bits=0xee7
read 0 1g+2m
expect spte 1g+2m 2 leaf !w !host-writable
# No notifier: the page is the same one.
write 0 1g+2m
expect spte 1g+2m 2 leaf w dirty
expect events page_fault 1
expect events flush_remote_tlbs 0
expect stat pages_2m 0
# It cannot be cut.
munmap ram 0 4k
expect ret -22
expect level 1g 2
