# The recovery worker takes out the tables that stand in for huge pages; the next access that is
# not a fetch gets a huge page, the next fetch small ones again.
vm
memory ram 8m hugetlb2m
fill ram 0 8m
slot 0 1g 8m ram 0
vcpu 0
param nx_huge_pages force
repeat 4
	exec 0 1g+$i*2m
	expect stat nx_lpage_splits 1
end
nx-recover
expect stat nx_lpage_splits -4
expect stat pages_4k -4
expect events prepare_zap_page 4
expect events flush_remote_tlbs 1
expect level 1g 0
read 0 1g
expect spte 1g 2 leaf !x
exec 0 1g+2m
expect spte 1g+2m 1 leaf x
# Nothing is left to recover but this one.
nx-recover
expect stat nx_lpage_splits -1
nx-recover
expect events flush_remote_tlbs 0
