# The end of a VM with a bit of everything in its tables.
vm
memory ram 4m thp
memory big 1g hugetlb1g
fill ram 0 4m
slot 0 1g 4m ram 0 log
slot 1 4g 1g big 0
smram
vcpu 0
vcpu 1
write 0 1g
write 1 4g
smi 1
nested 0 on
write 0 1g+4k
read 0 8g
param nx_huge_pages force
exec 1 4g
destroy
expect level 1g 0
expect level smm 0x38000 0
expect stat pages_4k 0
