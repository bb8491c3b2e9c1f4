vm
repeat 4
