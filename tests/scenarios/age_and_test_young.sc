# The host asks whether pages were used: asking changes nothing, aging clears A and flushes, and
# the CPU sets A anew without a fault.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
test-young ram 0
expect young 0
write 0 1g
test-young ram 0
expect young 1
expect events flush_remote_tlbs 0
test-young ram 0
expect young 1
test-young ram 4k
expect young 0
age ram 0 8k
expect events spte 1
expect events flush_remote_tlbs 1
@ept @!v6.12 expect spte 1g 1 bits=0x0600000000000a77
@npt expect spte 1g 1 bits=0xe47
test-young ram 0
expect young 0
# What is old already needs no flush.
age ram 0 8k
expect events spte 0
expect events flush_remote_tlbs 0
read 0 1g
expect events page_fault 0
test-young ram 0
expect young 1
