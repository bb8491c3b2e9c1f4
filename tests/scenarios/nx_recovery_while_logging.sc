# While a slot logs there are no huge pages to be had.  Since 6.2 the worker only forgets the
# tables of such a slot; before it took them out, for nothing.
vm
memory ram 4m hugetlb2m
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
param nx_huge_pages force
exec 0 1g
expect stat nx_lpage_splits 1
slot-flags 0 log
nx-recover
expect stat nx_lpage_splits -1
@v6.1 expect level 1g 0
@v6.1 expect events flush_remote_tlbs 1
@v5.18 expect level 1g 0
@v5.18 expect events flush_remote_tlbs 1
@!v6.1 @!v5.18 expect level 1g 1
@!v6.1 @!v5.18 expect events flush_remote_tlbs 0
@!v6.1 @!v5.18 expect events prepare_zap_page 0
# A fetch in a logging slot is small without being accounted.
exec 0 1g+2m
expect level 1g+2m 1
expect stat nx_lpage_splits 0
nx-recover
expect level 1g+2m 1
