# A slot that moves: its memory is elsewhere, where it was is MMIO, and its log goes along.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0 log
vcpu 0
write 0 1g+8k
slot-move 0 2g
expect ret 0
expect events zap_all_fast 1
expect level 1g+8k 0
read 0 1g+8k
expect exit mmio read 1g+8k
dirty-get 0
expect dirty 2-2
write 0 2g+12k
expect exit none
dirty-get 0
expect dirty 3-3
# To where it is: no change at all.
slot-move 0 2g
expect ret 0
expect events zap_all_fast 0
expect level 2g+12k 1
# Beyond what the guest can address.
@4 slot-move 0 0x10000000000
@5 slot-move 0 0x10000000000000
expect ret -22
# That was found out only after all had been zapped; the slot is still there.
expect level 2g+12k 0
write 0 2g+12k
expect exit none
