# Two invalidations of one page, the first of which spans two memslots: docs/found.md, flush-between-slots.
vm
memory ram 6m small
vcpu 0
vcpu 1
slot 0 0x40100000 0x300000 ram 0x100000
slot 1 0x40000000 0x100000 ram 0x0
read 0 0x40000000
thread vcpu0
read 0 0x40100000
thread vcpu1
write 1 0x40000000
thread host
munmap ram 4k 4k
