vm
memory m 64k small
fill m 64k 4k
