vm
vm
