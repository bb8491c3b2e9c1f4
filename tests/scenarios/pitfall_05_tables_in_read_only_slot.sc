# Guest page tables in a read-only slot cannot be walked where a walk counts as a write: the
# fault ends in the emulator.
vm
memory ram 4m small
memory rom 4m small
fill rom 0 256k
slot 0 1g 4m ram 0
vcpu 0
slot-delete 500
slot 1 0 256k rom 0 ro
read 0 1g
expect stat pf_emulate 1
expect level 0x10000 0
expect stat pf_fixed 0
expect events spte_requested 0
