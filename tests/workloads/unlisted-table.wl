# A vCPU splits a huge page that it may not execute, while logging ends: docs/found.md.
vm
memory ram 4m thp
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
manual-protect 3
prefault 0 1g 4k
slot-flags 0 log
write 0 1g
thread vcpu
exec 0 1g
thread ioctl
slot-flags 0
