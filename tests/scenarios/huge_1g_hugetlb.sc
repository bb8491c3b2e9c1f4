# Memory of 1 GiB pages is mapped by one entry, on EPT as on NPT.
vm
memory ram 2g hugetlb1g
slot 0 1g 2g ram 0
vcpu 0
write 0 1g+0x12345678
expect events page_fault 1
expect level 1g 3
expect stat pages_1g 1
# From the root to a table of 1 GiB entries there is a table already.
expect events get_page 0
expect spte 1g 3 leaf r w x accessed dirty host-writable mmu-writable
@ept @!v6.12 expect spte 1g 3 bits=0x0600000000000bf7
@ept @v6.12 expect spte 1g 3 bits=0x8600000000000bf7
@npt expect spte 1g 3 bits=0xee7
exec 0 1g+1020m
expect events page_fault 0
read 0 2g
expect level 2g 3
expect stat pages_1g 1
madvise ram 0 1g dontneed
expect level 1g 0
expect level 2g 3
