# A fetch from 1 GiB pages: tables of 2 MiB and of 4 KiB pages both stand in for a huge one.  The
# 2 MiB pages next to the fetched one stay huge, and are not executable.
vm
memory ram 1g hugetlb1g
fill ram 0 1g
slot 0 1g 1g ram 0
vcpu 0
param nx_huge_pages force
read 0 1g
expect spte 1g 3 leaf r w !x
exec 0 1g
expect spte 1g 1 leaf r x
expect stat nx_lpage_splits 2
expect stat pages_1g -1
read 0 1g+2m
expect spte 1g+2m 2 leaf r !x
nx-recover
expect stat nx_lpage_splits -2
expect level 1g 0
expect level 1g+2m 0
write 0 1g
expect spte 1g 3 leaf !x
