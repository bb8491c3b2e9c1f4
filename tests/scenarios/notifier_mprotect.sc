# The host protects memory and unprotects it again.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
write 0 1g
mprotect ram 0 8k r
expect ret 0
expect level 1g 0
expect events flush_remote_tlbs 1
read 0 1g
expect spte 1g 1 leaf !w !host-writable
write 0 1g
expect exit error 14
mprotect ram 0 8k rw
# Whatever the rights, the mapping goes.
expect level 1g 0
write 0 1g
expect exit none
expect spte 1g 1 leaf w dirty
# The same protection again is no change.
mprotect ram 0 8k rw
expect level 1g 1
expect events flush_remote_tlbs 0
