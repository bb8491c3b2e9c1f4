# What KVM refuses of memslots: and what it refused has no effect.
vm
memory ram 16m small
slot 0 1g 4m ram 0
expect ret 0
# Overlap, by a page.
slot 1 1g+4m-4k 4m ram 4m
expect ret -17
# Adding it next to it is fine; then moving the first over it is not.
slot 1 1g+4m 4m ram 4m
expect ret 0
slot-move 0 1g+4k
expect ret -17
# Not a multiple of a page: address, size, host address.
slot 2 2g+8 4k ram 0
expect ret -22
slot 2 2g 4k+8 ram 0
expect ret -22
slot 2 2g 4k ram 8
expect ret -22
# Ids above 32763 are KVM's own.
slot 32764 2g 4k ram 0
expect ret -22
slot 32763 2g 4k ram 0
expect ret 0
# Size, host address and read-only cannot change.
slot 0 1g 2m ram 0
expect ret -22
slot 0 1g 4m ram 4m
expect ret -22
slot-flags 0 ro
expect ret -22
# What was never added cannot go.
slot-delete 2
expect ret -22
vcpu 0
write 0 1g
expect exit none
