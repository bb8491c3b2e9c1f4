expect ret 0
vm
