vm
memory ram 16m thp
fill ram 0 16m
slot 0 1g 16m ram 0
vcpu 0

write 0 1g
expect level 1g 2

# Logging begins: huge pages are split, and writes will be noticed.
slot-flags 0 log
expect level 1g 1
expect events split_huge_page 1

write 0 1g+12k
dirty-get 0
expect dirty 3-3

# It ends: the small pages are taken out, and the next fault makes a huge one.
slot-flags 0
expect level 1g 0
read 0 1g
expect level 1g 2
