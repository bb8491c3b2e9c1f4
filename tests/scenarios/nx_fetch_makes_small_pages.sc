# With the ITLB multihit mitigation huge pages cannot be executed.  A fetch makes small ones,
# and other accesses do not undo that.
vm
memory ram 4m hugetlb2m
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
param nx_huge_pages force
read 0 1g
expect spte 1g 2 leaf r w !x
@ept @!v6.12 expect spte 1g 2 bits=0x0600000000000bf3
@npt expect spte 1g 2 bits=0x8000000000000ee7
# The call pushes: its stack page is mapped for the first time since the parameter was written.
exec 0 1g
expect spte 1g 1 leaf r w x
expect stat nx_lpage_splits 1
expect stat pages_2m -1
@v6.1 expect stat pages_4k 2
@v5.18 expect stat pages_4k 2
@!v6.1 @!v5.18 expect stat pages_4k 513
write 0 1g+8k
expect level 1g+8k 1
expect spte 1g 2 table
# The first access to a block may be the fetch.
exec 0 1g+2m
expect level 1g+2m 1
expect stat nx_lpage_splits 1
expect stat pages_4k 1
