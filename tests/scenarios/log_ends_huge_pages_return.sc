# When logging ends, tables that a huge page could replace are taken out, each with a flush of
# its own; the next access maps the huge page.
vm
memory ram 4m thp
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
sweep write 0 1g 4m
slot-flags 0 log
expect events split_huge_page 2
expect stat pages_4k 1024
slot-flags 0
expect events prepare_zap_page 2
expect events flush_remote_tlbs 2
expect stat pages_4k -1024
expect level 1g 0
write 0 1g
expect level 1g 2
expect stat pages_2m 1
