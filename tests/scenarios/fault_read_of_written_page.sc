# A read of a page that the host has written maps it writable at once, D included: a write
# later on costs no fault.
vm
memory ram 4m small
fill ram 0 4k
slot 0 1g 4m ram 0
vcpu 0
read 0 1g
expect spte 1g 1 leaf w accessed dirty host-writable mmu-writable
expect events flush_remote_tlbs 0
write 0 1g
expect events page_fault 0
# A fetch needs no other mapping than a read.
exec 0 1g
expect events page_fault 0
