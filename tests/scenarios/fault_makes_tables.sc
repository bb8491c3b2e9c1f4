# How many tables a fault makes: as many as are missing between the root and the leaf.
vm
memory ram 4m small
slot 0 1g 4m ram 0
slot 1 0x8000000000 4k ram 0
# The first vCPU makes the root too.  It touches its two tables, its code and its data.
vcpu 0
expect events page_fault 4
@4 expect events get_page 4
@5 expect events get_page 5
expect stat pages_4k 4

# In another GiB than all before: two tables and the leaf.
read 0 1g
expect events get_page 2
expect events spte 3
# In the same 2 MiB: only the leaf.
read 0 1g+2044k
expect events get_page 0
expect events spte 1
# Next door: one table.
read 0 1g+2m
expect events get_page 1
expect events spte 2
# In another 512 GiB.
read 0 0x8000000000
expect events get_page 3
expect events spte 4
expect events page_fault 1
# A second vCPU has the same root, and finds all but its own three pages mapped.
vcpu 1
expect events get_page 0
expect events page_fault 3
