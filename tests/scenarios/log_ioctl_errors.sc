# What the ioctls of the dirty log refuse.
vm
memory ram 4m small
slot 0 1g 4m ram 0 log
slot 1 2g 4k ram 0
slot 2 3g 260k ram 0 log
vcpu 0
dirty-get 1
expect ret -2
dirty-clear 1 0 64
expect ret -2
# The first page must be a multiple of 64, and so must be the number of pages ...
dirty-clear 0 1 64
expect ret -22
dirty-clear 0 0 10
expect ret -22
# ... unless it goes up to the end.
dirty-clear 2 0 65
expect ret 0
dirty-clear 2 64 1
expect ret 0
dirty-clear 2 64 2
expect ret -22
dirty-clear 0 2048 64
expect ret -22
# All bits set makes sense only with manual protection; there are no other flags.
manual-protect 2
expect ret -22
manual-protect 4
expect ret -22
manual-protect 3
expect ret 0
manual-protect 0
expect ret 0
