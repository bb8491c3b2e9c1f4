# The host joins small pages to a huge one.  The notifiers take the small mappings out, not
# the table; the next fault puts the huge page in its place, and that needs a flush.
vm
memory ram 2m thp
madvise ram 0 2m nohugepage
fill ram 0 2m
slot 0 1g 2m ram 0
vcpu 0
sweep read 0 1g 2m
expect stat pages_4k 512
madvise ram 0 2m collapse
expect ret -22
madvise ram 0 2m hugepage
madvise ram 0 2m collapse
expect ret 0
expect events flush_remote_tlbs 1
expect stat pages_4k -512
expect spte 1g 2 table
expect spte 1g 1 empty
read 0 1g
expect level 1g 2
expect events prepare_zap_page 1
expect events flush_remote_tlbs 1
# Where any old entry with bit 1 passes for a writable one, a table does, and D is left out.
@v6.1 expect spte 1g 2 leaf w dirty
@v6.12 expect spte 1g 2 leaf w dirty
@!v6.1 @!v6.12 expect spte 1g 2 leaf w !dirty
