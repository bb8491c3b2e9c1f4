# A guest with page tables of its own: each entry that the CPU reads on its way is an access
# to guest memory, which KVM's tables translate.
vm
memory ram 16m small
slot 0 1g 16m ram 0
vcpu 0

# The guest's kernel writes its tables: the first one, and three more for the first mapping.
paging 0 1g 64k
expect ret 0
expect events page_fault 1
guest-map 0 0x7f0000000000 1g+8m 8k
expect ret 0
expect events page_fault 3
expect spte 1g+12k 1 leaf w dirty
expect level 1g+16k 0
# What is mapped by the guest need not be mapped by KVM, and the other way round.
expect level 1g+8m 0
write 0 0x7f0000000000
expect exit none
expect events page_fault 1
expect spte 1g+8m 1 leaf w dirty
expect spte 1g+8m+4k 1 empty
read 0 0x7f0000000008
expect events page_fault 0

# Where the guest maps nothing it has a page fault of its own, which is none of KVM's.
write 0 0x7f0000200000
expect exit none
expect events page_fault 0
write 0 0x800000000000
expect events page_fault 0

# A table between is mapped read-only by the host: nothing behind it can be reached where the
# walk counts as a write.
mprotect ram 4k 4k r
read 0 0x7f0000001000
expect exit error 14
expect level 1g+8m+4k 0
mprotect ram 4k 4k rw
# Splitting the host's area took the 2 MiB around it out of KVM's tables.  The first table came
# back in the attempt above; now the other three, one after the other, and the page.
exec 0 0x7f0000001000
expect exit none
expect events page_fault 4
expect spte 1g+8m+4k 1 leaf x
