# Guest and host address must agree below the size of the page.
vm
memory ram 8m thp
fill ram 0 8m
slot 0 1g 4m ram 4k
slot 1 2g 4m ram 2m
vcpu 0
read 0 1g+2m
expect level 1g+2m 1
# 2 MiB off is right for 2 MiB pages.
read 0 2g
expect level 2g 2
expect stat pages_2m 1
# Moved by one page it is wrong, moved by 2 MiB it is right again.
slot-move 1 2g+4k
read 0 2g+2m
expect level 2g+2m 1
slot-move 1 2g+2m
read 0 2g+2m
expect level 2g+2m 2
