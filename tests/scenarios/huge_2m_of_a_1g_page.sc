# Where 1 GiB does not fit, 2 MiB of a 1 GiB page of the host do.
vm
memory ram 2g hugetlb1g
fill ram 0 2g
# The slot begins 2 MiB into the page, and ends with its next one.
slot 0 1g+2m 2046m ram 2m
# Guest and host address agree below 2 MiB, but not below 1 GiB.
slot 1 8g 512m ram 2m
vcpu 0
read 0 1g+2m
expect level 1g+2m 2
expect spte 1g+2m 3 table
read 0 2g
expect level 2g 3
read 0 8g+4m
expect level 8g+4m 2
expect stat pages_2m 1
# One host page under three mappings.
madvise ram 0 1g dontneed
expect level 1g+2m 0
expect level 8g+4m 0
expect level 2g 3
expect events flush_remote_tlbs 1
@v6.1 expect events spte 2
@v6.12 expect events spte 2
