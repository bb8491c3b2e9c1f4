vm
end
