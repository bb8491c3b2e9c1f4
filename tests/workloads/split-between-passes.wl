# A huge page is split between the two passes with which logging begins, for EPT with PML and
# --set nx=1 --set eager-split=0: docs/found.md.
vm
memory ram 4m thp
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
vcpu 1
read 0 1g
thread a
write 1 1g
thread b
exec 0 0x40001000
thread ioctl
slot-flags 0 log
