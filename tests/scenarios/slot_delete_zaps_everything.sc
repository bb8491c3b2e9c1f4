# Deleting a slot invalidates the roots and zaps all of them, whatever slot the mappings are of.  No
# flush is needed: nobody enters the guest again without a new root.
vm
memory ram 8m small
fill ram 0 8m
slot 0 1g 4m ram 0
slot 1 2g 4m ram 4m
vcpu 0
write 0 1g
write 0 2g
slot-delete 1
expect ret 0
expect events zap_all_fast 1
expect events invalidate_all_roots 1
expect events flush_remote_tlbs 0
# Both slots' pages and the four of the guest's own.
expect stat pages_4k -6
expect level 1g 0
expect level 0 0
# A new root with all tables below it, and five pages.
write 0 1g
expect exit none
@4 expect events get_page 6
@5 expect events get_page 7
expect events page_fault 4
# The data page of the vCPU was not accessed.
expect level 0x12000 0
write 0 2g
expect exit mmio write 2g
# Adding a slot zaps nothing.
slot 1 2g 4m ram 4m
expect events zap_all_fast 0
expect level 1g 1
write 0 2g
expect exit none
