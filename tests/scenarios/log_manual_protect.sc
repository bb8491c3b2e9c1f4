# With manual protection fetching the log leaves the pages alone; clearing it protects them.
vm
memory ram 4m small
fill ram 0 4m
manual-protect 1
slot 0 1g 4m ram 0 log
vcpu 0
sweep write 0 1g 512k
dirty-get 0
expect dirty 0-127
expect events flush_remote_tlbs 0
expect events spte 0
dirty-get 0
expect dirty 0-127
# The first half only.
dirty-clear 0 0 64
expect ret 0
expect events spte 64
expect events flush_remote_tlbs 1
@ept expect spte 1g 1 w !dirty
@npt expect spte 1g 1 !w
expect spte 1g+256k 1 w dirty
dirty-get 0
expect dirty 64-127
# Clearing what is clear does nothing.
dirty-clear 0 0 64
expect events flush_remote_tlbs 0
write 0 1g+4k
write 0 1g+260k
dirty-get 0
expect dirty 1-1
expect dirty 64-127
