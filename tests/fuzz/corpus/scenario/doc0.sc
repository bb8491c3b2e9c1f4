# A page that is written once is mapped, writable and dirty.
vm
memory ram 64m small
slot 0 1g 64m ram 0
vcpu 0

write 0 1g
expect spte 1g 1 leaf r w x accessed dirty mmu-writable host-writable
expect events page_fault 1
expect stat pf_fixed 1

# A second write finds the mapping: there is no fault.
write 0 1g+8
expect events page_fault 0
