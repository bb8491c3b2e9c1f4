# A change of nx_huge_pages zaps everything; writing the value it has does nothing.
vm
memory ram 4m thp
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
read 0 1g
expect spte 1g 2 leaf x
param nx_huge_pages force
expect ret 0
expect events zap_all_fast 1
expect level 1g 0
param nx_huge_pages Y
expect events zap_all_fast 0
read 0 1g
expect spte 1g 2 leaf !x
param nx_huge_pages off
expect events zap_all_fast 1
read 0 1g
expect spte 1g 2 leaf x
param nx_huge_pages maybe
expect ret -22
