# MMIO of a nested guest, and a slot that appears there while it runs.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
vcpu 1
nested 0 on
nested 1 on
read 0 3g
expect exit mmio read 3g
read 1 3g
expect exit mmio read 3g
slot 1 3g 4k ram 0
read 0 3g
expect exit none
read 1 3g
expect events page_fault 0
expect level nested 3g 1
# The other guest has not been there.
expect level 3g 0
