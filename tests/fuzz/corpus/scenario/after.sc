vm
destroy
vcpu 0
