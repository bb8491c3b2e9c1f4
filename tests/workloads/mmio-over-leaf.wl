# A memslot is made while two vCPUs access its addresses: docs/found.md.
vm
memory ram 4m small
fill ram 0 4m
vcpu 0
vcpu 1
slot 1 2g 1m ram 0
thread a
read 0 1g
thread b
read 1 1g
thread ioctl
slot 0 1g 1m ram 1m
