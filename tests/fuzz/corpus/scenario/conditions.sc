vm
@v6.12 vcpu 0
@!v6.12 vcpu 0
@ept @4 read 0 0
@5 @npt write 0 0x100
