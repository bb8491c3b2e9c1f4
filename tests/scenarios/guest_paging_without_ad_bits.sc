# param: eptad=N
# Without A/D bits a walk writes where a flag of the guest's own is to be set, and reads
# where all are set.
vm
memory ram 16m small
slot 0 1g 16m ram 0
vcpu 0
paging 0 1g 64k
guest-map 0 0 1g+8m 8k

slot-flags 0 log
dirty-get 0
# A in all four tables.
read 0 0
dirty-get 0
expect dirty 0-3
read 0 0
expect events page_fault 0
dirty-get 0
expect dirty none
# D in the last one only, and the write itself.
write 0 0
dirty-get 0
expect dirty 3-3
dirty-get 0
write 0 0
dirty-get 0
expect dirty 2048-2048
