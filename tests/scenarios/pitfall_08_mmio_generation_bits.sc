# The generation in an MMIO entry fills bits 3 to 10 and 52 to 62, where other entries have their
# size, A, D, the A/D type, saved rights and what is writable.  Whatever it is, an MMIO entry is not
# taken for a mapping.
vm
memory ram 4m small
slot 0 1g 4m ram 0
vcpu 0
repeat 130
	# Eight further.
	repeat 2
		slot-flags 0 log
		slot-flags 0
	end
	read 0 3g
	expect exit mmio read 3g
	expect level 3g 0
	@4 expect spte 3g 1 mmio !present !leaf !table !removed !accessed !dirty !tracked
	@ept @5 expect spte 3g 1 mmio !present !leaf !table !removed !accessed !dirty !tracked
end
# Generation 4 + 130 * 8 = 0x414.
@ept expect spte 3g 1 bits=0x00400000000000a6
@4 @npt expect spte 3g 1 bits=0x00400000000000a7
slot-delete 0
expect stat pages_4k -4
