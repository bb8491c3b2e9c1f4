vcpu 0
