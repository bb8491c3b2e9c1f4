vm
vcpu 0
