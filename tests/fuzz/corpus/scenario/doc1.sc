vm
memory ram 16m small
slot 0 1g 16m ram 0
vcpu 0

# Memory that was never written: a read maps the zero page, read-only.
read 0 1g
expect spte 1g 1 leaf r !w !host-writable

# The write takes the zero page away first (an MMU notifier), then maps the new page.
write 0 1g
expect events flush_remote_tlbs 1
expect spte 1g 1 leaf w dirty

# The host takes its memory back.
madvise ram 0 4k dontneed
expect spte 1g 1 empty
expect level 1g 0
