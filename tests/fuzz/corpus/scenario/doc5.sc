vm
memory ram 4m small
slot 0 1g 4m ram 0
slot 1 2g 4k ram 0 ro
vcpu 0

# No slot: left to the VMM.  The SPTE tells the CPU, so that the next time is quick.
read 0 3g
expect exit mmio read 3g
@4 expect spte 3g 1 mmio
write 0 3g
expect exit mmio write 3g

# A read-only slot can be read; a write is the VMM's.
read 0 2g
expect exit none
write 0 2g
expect exit mmio write 2g

# A slot over no memory: KVM_RUN fails.
munmap ram 0 4k
read 0 1g
expect exit error 14
