# param: pml=N
# Without PML there is nothing special about the entries of a nested guest.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
nested 0 on
write 0 1g
@!v6.12 expect spte nested 1g 1 leaf bits=0x0600000000000b77
@v6.12 expect spte nested 1g 1 leaf bits=0x8600000000000b77
