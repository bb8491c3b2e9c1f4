# param: eptad=N
# Without A/D bits the walk of the guest's tables is made of reads, and dirties nothing.
vm
memory ram 4m small
slot 0 1g 4m ram 0
vcpu 0
read 0 1g
slot-flags 500 log
dirty-get 500
read 0 1g
expect events page_fault 0
dirty-get 500
expect dirty none
write 0 0x12000
expect events page_fault 1
expect stat pf_fast 1
dirty-get 500
expect dirty 18-18
# So tables in a read-only slot can be walked.
memory rom 256k small
fill rom 0 256k
slot-delete 500
slot 1 0 256k rom 0 ro
read 0 1g
expect exit none
expect spte 0x10000 1 leaf r !w
