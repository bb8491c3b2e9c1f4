# MMIO while the memslots' generation starts anew, for --set wrap=2: docs/found.md.
vm
memory ram 4m small
slot 1 2g 1m ram 0
vcpu 0
read 0 2g
thread a
read 0 1g
thread ioctl
slot 0 3g 1m ram 1m
