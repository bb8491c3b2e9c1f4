# The CPU treats its reads of the guest's page tables as writes: on NPT always, on EPT if A/D
# bits are on.  So a guest that only reads dirties the pages of its tables, 16 and 17.
vm
memory ram 4m small
slot 0 1g 4m ram 0
vcpu 0
read 0 1g
slot-flags 500 log
dirty-get 500
expect dirty none
read 0 1g
dirty-get 500
expect dirty 16-17
# The data page of the vCPU was not touched, nor was the code page written.
write 0 0x12000
dirty-get 500
expect dirty 16-18
