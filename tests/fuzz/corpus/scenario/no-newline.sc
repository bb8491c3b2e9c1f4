vm
vcpu 0