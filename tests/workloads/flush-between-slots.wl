# A page that two memslots map is taken away: docs/found.md.
vm
memory ram 4m small
slot 0 1g 1m ram 0
slot 1 2g 1m ram 0
vcpu 0
vcpu 1
write 0 1g
write 1 0x80001000
thread a
write 0 1g
thread host
madvise ram 0 8k dontneed
