# A slot over an address where the host has nothing that may be accessed: KVM_RUN fails with
# EFAULT, and there is no mapping.
vm
memory ram 4m small
fill ram 0 16k
slot 0 1g 4m ram 0
vcpu 0
munmap ram 0 4k
read 0 1g
expect exit error 14
expect level 1g 0
write 0 1g
expect exit error 14

# Nothing may be read, nothing may be written: but reads go on where only writes may not.
mprotect ram 4k 4k none
read 0 1g+4k
expect exit error 14
mprotect ram 8k 4k r
read 0 1g+8k
expect exit none
write 0 1g+8k
expect exit error 14
expect spte 1g+8k 1 leaf !w !host-writable
# The neighbour is as it was.
write 0 1g+12k
expect exit none
