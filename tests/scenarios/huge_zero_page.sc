# A read of fresh memory of transparent huge pages maps the huge page of zeroes; a write to it
# ends in one small page of the guest's own, and the rest goes on reading zeroes.
vm
memory ram 4m thp
slot 0 1g 4m ram 0
vcpu 0
read 0 1g
expect spte 1g 2 leaf !w !host-writable
expect stat pages_2m 1
write 0 1g
expect events flush_remote_tlbs 1
expect level 1g 1
expect spte 1g 1 leaf w dirty
expect stat pages_2m -1
expect stat pages_4k 1
read 0 1g+4k
expect spte 1g+4k 1 leaf !w
# A write to a block that nobody has read gets a huge page at once.
write 0 1g+2m
expect spte 1g+2m 2 leaf w
