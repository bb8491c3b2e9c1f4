# Guest memory that only tables of five levels can reach.
@5 set top 0x1000000000000
@4 set top 0x100000000
vm
memory ram 4m small
fill ram 0 4m
slot 0 $top 4m ram 0
expect ret 0
vcpu 0
@5 expect spte 0 5 table
read 0 $top
expect events page_fault 1
# All tables but the root are new with five levels; with four only the lowest two.
@5 expect events get_page 4
@4 expect events get_page 2
expect level $top 1
# What is not there is not mapped.
expect level $top+4k 0
@5 expect spte $top 5 table
