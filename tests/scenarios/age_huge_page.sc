# One use of a huge page makes all of it young.
vm
memory ram 4m thp
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
read 0 1g+1m
test-young ram 0
expect young 1
test-young ram 2044k
expect young 1
test-young ram 2m
expect young 0
age ram 8k 4k
expect events spte 1
expect spte 1g 2 leaf !accessed
test-young ram 0
expect young 0
