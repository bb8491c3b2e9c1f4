# It goes by the size of the mappings.
vm
memory ram 8m thp
fill ram 0 8m
slot 0 1g 8m ram 0
vcpu 0
prefault 0 1g+1m 4m
expect ret 0
expect events spte_requested 3
expect stat pages_2m 3
expect level 1g 2
expect level 1g+4m 2
expect level 1g+6m 0
expect spte 1g 2 leaf !accessed
