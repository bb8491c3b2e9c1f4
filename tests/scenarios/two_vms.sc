# Two VMs over the same memory of the host: each has tables and statistics of its own, and what
# the host does reaches both.  An expectation is about the VM of the operation before it.
vm
in 1 vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0
in 1 slot 0 2g 4m ram 0 log
vcpu 0
in 1 vcpu 0
write 0 1g
expect level 1g 1
expect level 2g 0
in 1 write 0 2g
expect level 2g 1
expect level 1g 0
expect stat pages_4k 1
# The log is the one VM's, and what the other writes is not in it.
write 0 1g+4k
in 1 dirty-get 0
expect dirty 0-0
madvise ram 0 4k dontneed
expect level 1g 0
expect stat pages_4k -1
in 1 read 0 1g
expect exit mmio read 1g
expect level 2g 0
# One can end while the other goes on.
in 1 destroy
write 0 1g
expect exit none
expect spte 1g 1 leaf w
