# The same with huge pages: they stay huge.
vm
memory ram 4m thp
memory big 4m hugetlb2m
fill ram 0 4m
fill big 0 4m
slot 0 1g 4m ram 0
slot 1 2g 4m big 0
vcpu 0
write 0 1g
write 0 2g
fork
expect level 1g 0
expect level 2g 0
read 0 1g
expect spte 1g 2 leaf !w !host-writable
read 0 2g
expect spte 2g 2 leaf !w !host-writable
write 0 1g
expect spte 1g 2 leaf w host-writable
write 0 2g
expect spte 2g 2 leaf w host-writable
expect events flush_remote_tlbs 0
write 0 1g+2m
expect spte 1g+2m 2 leaf w
