vm
memory m 0x1000 small
slot 0 0x7fffffff000 4k m 0
vcpu 59
read 59 4503599627370495
write 59 1g+2m*3-4k
