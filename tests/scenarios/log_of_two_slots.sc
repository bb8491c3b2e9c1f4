# Two slots log: the CPUs' own logging ends with the last of them.
vm
memory ram 8m small
fill ram 0 8m
slot 0 1g 4m ram 0
slot 1 2g 4m ram 4m
vcpu 0
write 0 1g
write 0 2g
slot-flags 0 log
slot-flags 1 log
slot-flags 0
write 0 1g
write 0 2g
dirty-get 0
expect ret -2
dirty-get 1
expect dirty 0-0
slot-flags 1
write 0 2g
slot-flags 1 log
# What was written while it did not log is not in the log.
dirty-get 1
expect dirty none
write 0 2g+4k
dirty-get 1
expect dirty 1-1
