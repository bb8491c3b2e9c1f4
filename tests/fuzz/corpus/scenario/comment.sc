# only this

   # and this
vm # first
	vcpu 0	# tabs
