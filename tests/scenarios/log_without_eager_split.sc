# Without eager splitting huge pages are only write-protected when logging begins, and each is
# split by its first write.
vm
memory ram 8m thp
fill ram 0 8m
param eager_page_split N
slot 0 1g 8m ram 0
vcpu 0
sweep write 0 1g 8m
expect stat pages_2m 4
slot-flags 0 log
expect events split_huge_page 0
expect events get_page 0
repeat 4
	expect spte 1g+$i*2m 2 leaf !w mmu-writable
end
write 0 1g+2m
expect level 1g 2
expect level 1g+2m 1
expect level 1g+4m 2
# Reads are no trouble.
read 0 1g+4m
expect events page_fault 0
dirty-get 0
expect dirty 512-512
