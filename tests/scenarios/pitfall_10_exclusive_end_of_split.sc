# A log that begins with all bits set splits huge pages when bits are cleared.  Up to 6.7 the
# last page's gfn was taken for an exclusive end, so a huge page that begins there is left whole.
# The write protection that follows does not catch it either if the first page lies in the huge
# page before: both round up to the same 2 MiB.  The write is lost to the log.
vm
memory ram 8m thp
fill ram 0 8m
# The slot begins 63 pages before a huge page, so that its page 63 is the first of that.
set base 2m-63*4k
manual-protect 3
expect ret 0
slot 0 1g+$base 4m ram $base
vcpu 0
read 0 1g+2m
expect level 1g+2m 2
slot-flags 0 log
# Nothing is protected yet.
expect spte 1g+2m 2 leaf w
expect events split_huge_page 0
dirty-get 0
expect dirty 0-1023
dirty-clear 0 0 64
@v6.12 expect events split_huge_page 1
@v6.12 expect level 1g+2m 1
@!v6.12 expect events split_huge_page 0
@!v6.12 expect spte 1g+2m 2 leaf w
dirty-get 0
expect dirty 64-1023
write 0 1g+2m
dirty-get 0
@v6.12 expect dirty 63-1023
@!v6.12 expect dirty 64-1023
