# Deleting a slot is two updates, adding one and changing its flags is one.  The generation is
# in the bits of an MMIO entry: EPT 0x6, NPT 0x7 (with W and U), and eight times the generation.
vm
memory ram 4m small
slot 0 1g 4m ram 0
slot 1 2g 4k ram 0
vcpu 0
# vm, slot and slot: 6.
read 0 3g
@ept expect spte 3g 1 mmio bits=0x36
@4 @npt expect spte 3g 1 mmio bits=0x37
slot-delete 1
read 0 3g
@ept expect spte 3g 1 mmio bits=0x56
@4 @npt expect spte 3g 1 mmio bits=0x57
slot-flags 0 log
read 0 3g
@ept expect spte 3g 1 mmio bits=0x66
@4 @npt expect spte 3g 1 mmio bits=0x67
# The other address space counts for itself.
smram
read 0 3g
@ept expect spte 3g 1 mmio bits=0x66
slot-move 0 2g
read 0 3g
@ept expect spte 3g 1 mmio bits=0x86
@4 @npt expect spte 3g 1 mmio bits=0x87
