# Mapping ahead of the access: no fault later on, A is left for the CPU to set.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
prefault 0 1g 64k
expect ret 0
expect stat pages_4k 16
expect spte 1g 1 leaf w !accessed dirty
expect spte 1g+60k 1 leaf
expect level 1g+64k 0
# It is no fault of the guest's, and not counted as one.
expect events page_fault 0
expect stat pf_taken 0
# Again: over an entry that is writable already D is not set, so it goes; the third time the
# entries are as they would be made.
prefault 0 1g 64k
expect ret 0
expect events spte 16
expect spte 1g 1 leaf w !dirty
prefault 0 1g 64k
expect ret 0
expect events spte 0
sweep read 0 1g 64k
expect events page_fault 0
expect spte 1g 1 accessed
test-young ram 4k
expect young 1
