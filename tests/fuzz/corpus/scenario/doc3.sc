vm
memory ram 4m hugetlb2m
slot 0 1g 4m ram 0
vcpu 0
write 0 1g
param nx_huge_pages force
# All mappings are gone; the huge page comes back without X.
expect level 1g 0
write 0 1g
expect spte 1g 2 leaf w !x

# A fetch makes small pages.  6.1 takes the huge page out, with a flush; later ones split it.
exec 0 1g
expect level 1g 1
expect stat nx_lpage_splits 1
@v6.1 expect events flush_remote_tlbs 1
@!v6.1 expect events split_huge_page 1

# The recovery worker takes the table out again.
nx-recover
expect level 1g 0
expect stat nx_lpage_splits -1
