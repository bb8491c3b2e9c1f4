vm
repeat 0
nonsense here
repeat x
end
end
@npt @5 vcpu 0
@!npt vcpu 1
