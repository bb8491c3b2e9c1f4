# Aging goes over leaves only: the A bit of an entry that points to a table is set by KVM from
# the start and never cleared.
vm
memory ram 4m small
slot 0 1g 4m ram 0
vcpu 0
write 0 1g
expect spte 1g 2 table accessed
expect spte 1g 3 table accessed
age ram 0 4m
expect spte 1g 1 leaf !accessed dirty
expect spte 1g 2 table accessed
expect spte 1g 3 table accessed
read 0 1g
expect events page_fault 0
expect spte 1g 1 leaf accessed
