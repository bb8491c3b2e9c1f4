# A huge page that the host has split is gone from KVM's tables as well.  A huge page of KVM's
# alone, in the way of small mappings, is zapped with a flush up to 6.1, and split later.
vm
memory ram 4m thp
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
param eager_page_split N
read 0 1g
expect level 1g 2
slot-flags 0 log
expect spte 1g 2 leaf !w mmu-writable
write 0 1g+16k
expect level 1g+16k 1
expect events get_page 1
@v6.1 expect events flush_remote_tlbs 1
@v6.1 expect events split_huge_page 0
@v6.1 expect stat pages_4k 1
@v5.18 expect events flush_remote_tlbs 1
@v5.18 expect stat pages_4k 1
@!v6.1 @!v5.18 expect events flush_remote_tlbs 0
@!v6.1 @!v5.18 expect events split_huge_page 1
@!v6.1 @!v5.18 expect stat pages_4k 512
expect stat pages_2m -1
dirty-get 0
expect dirty 4-4
