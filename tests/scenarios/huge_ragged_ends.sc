# A slot that begins and ends in the middle of huge pages has small ones there.
vm
memory ram 8m thp
fill ram 0 8m
slot 0 1g+4k 6m ram 4k
vcpu 0
read 0 1g+4k
expect level 1g+4k 1
read 0 1g+2m
expect level 1g+2m 2
read 0 1g+4m
expect level 1g+4m 2
read 0 1g+6m
expect level 1g+6m 1
# The gaps are MMIO, not part of a neighbour's mapping.
read 0 1g
expect exit mmio read 1g
read 0 1g+6m+4k
expect exit mmio read 1g+6m+4k
