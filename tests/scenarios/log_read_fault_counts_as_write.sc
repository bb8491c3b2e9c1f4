# A read fault in a logging slot maps what is writable at once, so the page counts as dirty.  The
# page of zeroes is not writable and not dirty.
vm
memory ram 4m small
fill ram 0 4k
slot 0 1g 4m ram 0 log
vcpu 0
read 0 1g
expect spte 1g 1 leaf w
read 0 1g+4k
expect spte 1g+4k 1 leaf !w
dirty-get 0
expect dirty 0-0
write 0 1g+4k
dirty-get 0
expect dirty 1-1
