vm
memory a 4m thp
memory b 2m hugetlb2m
memory c 1g hugetlb1g
memory d 64k small
fill a 0 2m
slot 0 1g 4m a 0 log
slot 1 2g 2m b 0 ro
slot 2 3g 64k d 0 log,ro
slot 65537 1g 64k d 0
vcpu 0
read 0 0x40000000
write 0 0x40001000
exec 0 0x40002008
sweep mix 0 1g 64k
random exec 0 1g 64k 9 0x7
prefault 0 1g 2m
nested 0 on
nested 0 off
madvise a 0 2m collapse
madvise a 0 4k dontneed
madvise a 0 2m hugepage
madvise a 0 2m nohugepage
mprotect a 0 4k r
mprotect a 0 4k none
mprotect a 0 4k rwx
munmap a 4k 4k
idle a 0 2m
age a 0 2m
test-young a 0
dirty-get 0
dirty-clear 0 0 64
manual-protect 3
param nx_huge_pages force
param eager_page_split N
nx-recover
fork
smram
smi 0
slot-flags 0
slot-move 0 4g
slot-delete 0
destroy
