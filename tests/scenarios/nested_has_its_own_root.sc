# A nested guest without nested paging of its own runs on another root, with tables of its own.  A
# vCPU keeps the roots that it has left for the time when it comes back.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
write 0 1g
nested 0 on
expect events get_page 0
# A root, the tables above its own pages, and those above 1 GiB.
read 0 1g
expect exit none
expect level 1g 1
@4 expect events get_page 6
@5 expect events get_page 7
expect events page_fault 4
expect spte nested 1g 1 leaf r w x
# And back: all is as it was left.
nested 0 off
write 0 1g
expect events page_fault 0
nested 0 on
write 0 1g
expect events page_fault 0
expect events get_page 0
# The host's notifiers reach both.
madvise ram 0 4k dontneed
expect events spte 2
expect level 1g 0
expect level nested 1g 0
# So does what zaps everything.
slot-delete 0
expect ret 0
nested 0 off
read 0 1g
expect exit mmio read 1g
