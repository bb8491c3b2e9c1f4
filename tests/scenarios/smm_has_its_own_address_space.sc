# In system management mode a vCPU is in address space 1, with slots and a root of its own.
vm
memory ram 4m small
slot 0 1g 4m ram 0
smram
expect ret 0
vcpu 0
write 0 1g
smi 0
expect ret 0
expect exit smm
# (Up to 6.3 the root is gone as soon as its only vCPU has left it.)
@!v5.18 expect spte smm 0x38000 1 leaf x
# The handler's page is not visible from outside, and the guest's pages not from inside.
expect level 0x38000 0
expect level smm 1g 0
expect level smm 0x10000 0
# The way in and the way out each ask for a flush.
expect stat tlb_flush 2
# The slot in address space 1 is another than that with the same number in address space 0.
slot 0x10001 1g 4m ram 0
expect ret 0
write 0 1g
expect level smm 1g 0
slot-delete 0x10001
expect ret 0
