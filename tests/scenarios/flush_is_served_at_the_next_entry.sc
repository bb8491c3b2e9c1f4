# A flush is a request to every vCPU, which it serves when it next enters the guest.  Several that
# are pending are one.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
vcpu 1
sweep read 0 1g 16k
madvise ram 0 4k dontneed
expect stat remote_tlb_flush_requests 1
expect stat tlb_flush 0
madvise ram 4k 4k dontneed
madvise ram 8k 4k dontneed
expect stat remote_tlb_flush_requests 1
read 0 1g+12k
expect stat tlb_flush 1
read 0 1g+12k
expect stat tlb_flush 0
# The other one has been asleep.
read 1 1g+12k
expect stat tlb_flush 1
# A write that breaks the sharing of the page of zeroes flushes within the access.
read 1 1g
write 1 1g
expect stat remote_tlb_flush_requests 1
expect stat tlb_flush 1
