# Reclaim splits huge pages: that of v6.12 at once, that of v6.1 only if they are not young.
vm
memory ram 2m thp
fill ram 0 2m
slot 0 1g 2m ram 0
vcpu 0
read 0 1g
expect level 1g 2
idle ram 0 2m
@!v6.12 expect spte 1g 2 leaf !accessed
@v6.12 expect level 1g 0
idle ram 0 2m
expect level 1g 0
read 0 1g
expect level 1g 1
expect spte 1g 1 leaf w
# The pages can become one again.
madvise ram 0 2m collapse
expect ret 0
read 0 1g
expect level 1g 2
