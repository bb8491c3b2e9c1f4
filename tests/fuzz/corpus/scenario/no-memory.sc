vm
slot 0 1g 4k none 0
