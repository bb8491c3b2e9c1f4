# The host takes pages back: what maps them goes, with one flush; where nothing is mapped there
# is no flush.
vm
memory ram 4m small
memory other 4m small
fill ram 0 4m
fill other 0 4m
slot 0 1g 4m ram 0
vcpu 0
sweep read 0 1g 64k
madvise ram 8k 16k dontneed
expect ret 0
expect events spte 4
expect events flush_remote_tlbs 1
expect stat pages_4k -4
expect level 1g+4k 1
expect level 1g+8k 0
expect level 1g+20k 0
expect level 1g+24k 1
madvise ram 1m 16k dontneed
expect events flush_remote_tlbs 0
# Memory without a slot.
madvise other 0 4m dontneed
expect events spte 0
expect events flush_remote_tlbs 0
# The guest reads zeroes there now.
read 0 1g+8k
expect spte 1g+8k 1 leaf !w
# The page tables stay.
expect spte 1g 2 table
