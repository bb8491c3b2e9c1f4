# Once roots live until they are invalidated, SMM costs a vCPU nothing but the switch.  Before, the
# last vCPU to leave a root took all its tables with it, both ways.
vm
memory ram 4m small
fill ram 0 4m
slot 0 1g 4m ram 0
smram
vcpu 0
sweep read 0 1g 64k
smi 0
@!v5.18 expect level 1g 1
@v5.18 expect level 1g 0
@v5.18 expect level smm 0x38000 0
smi 0
@!v5.18 expect events get_page 0
@!v5.18 expect events page_fault 0
@!v5.18 expect stat tlb_flush 2
# The root of SMM with all below it, and the other one with the tables above the guest's pages.
@4 @v5.18 expect events get_page 8
@5 @v5.18 expect events get_page 10
sweep read 0 1g 64k
@!v5.18 expect events page_fault 0
@v5.18 expect events page_fault 16
