# On EPT the CPU sets A and D for a nested guest only if L1 asked for it, which it cannot here.  So
# what was aged stays old, and the walk of the guest's tables dirties nothing.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0
vcpu 0
nested 0 on
write 0 1g
expect spte nested 1g 1 leaf accessed dirty
age ram 0 4k
expect spte nested 1g 1 leaf !accessed
read 0 1g
expect events page_fault 0
@ept expect spte nested 1g 1 leaf !accessed
@npt expect spte nested 1g 1 leaf accessed
slot-flags 500 log
dirty-get 500
read 0 1g
dirty-get 500
@ept expect dirty none
@npt expect dirty 16-17
# L1's own guest is as ever.
nested 0 off
read 0 1g
age ram 0 4k
read 0 1g
expect spte 1g 1 leaf accessed
