# A 1 GiB page in a logging slot: the first write takes it apart, level by level.
vm
memory ram 1g hugetlb1g
fill ram 0 1g
param eager_page_split N
slot 0 1g 1g ram 0
vcpu 0
read 0 1g
expect level 1g 3
slot-flags 0 log
expect spte 1g 3 leaf !w mmu-writable
write 0 1g+512m
expect level 1g+512m 1
expect events get_page 2
expect stat pages_1g -1
@v6.1 expect events flush_remote_tlbs 1
@v6.1 expect level 1g 0
@v5.18 expect level 1g 0
@!v6.1 @!v5.18 expect events split_huge_page 2
@!v6.1 @!v5.18 expect spte 1g 2 leaf !w mmu-writable
@!v6.1 @!v5.18 expect stat pages_2m 511
dirty-get 0
expect dirty 0x20000-0x20000
slot-flags 0
expect level 1g+512m 0
read 0 1g
expect level 1g 3
