vm
read $x 1g
