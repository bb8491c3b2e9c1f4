# param: eptad=N
# Aging without A bits, of a page that is protected for logging: after the page was found young
# again it is protected still.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
write 0 1g
slot-flags 0 log
expect spte 1g 1 !w accessed
age ram 0 4k
expect spte 1g 1 tracked
test-young ram 0
expect young 0
age ram 0 4k
expect events flush_remote_tlbs 0
exec 0 1g
expect stat pf_fast 1
expect spte 1g 1 r x !w accessed
test-young ram 0
expect young 1
dirty-get 0
expect dirty none
# From tracked to writable in one step.
age ram 0 4k
write 0 1g
expect stat pf_fast 1
expect events page_fault 1
expect spte 1g 1 r w x dirty
dirty-get 0
expect dirty 0-0
