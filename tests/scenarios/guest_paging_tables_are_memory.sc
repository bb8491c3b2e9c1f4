# A guest's page tables are memory as any other: they get dirty, and can be lost.
vm
memory ram 16m small
slot 0 1g 16m ram 0
vcpu 0
vcpu 1
paging 0 1g 64k
guest-map 0 0 1g+8m 4k
write 0 0

# A walk dirties all four tables, also for a read: it counts as a write.
slot-flags 0 log
dirty-get 0
read 0 0
dirty-get 0
expect dirty 0-3
sweep read 0 0 4k
dirty-get 0
expect dirty 0-3

# Another vCPU has tables of its own, to the same page.
slot-flags 0
paging 1 1g+64k 64k
guest-map 1 0x4000000000 1g+8m 4k
expect ret 0
write 1 0x4000000000
expect exit none
read 0 0
expect exit none

# The host takes the second table away: the walk finds an empty one, and ends there.
madvise ram 4k 4k dontneed
write 0 0
expect events page_fault 1
expect spte 1g+4k 1 leaf
guest-map 0 0 1g+8m 4k
expect ret 0
read 0 0
expect exit none
expect events page_fault 0

# No pages are left for tables; and no slot is left where they are.
repeat 10 as i
	guest-map 0 0x10000000000+$i*0x8000000000 1g+8m 4k
end
expect ret -12
slot-delete 0
read 1 0x4000000000
expect exit mmio read 1g+64k
