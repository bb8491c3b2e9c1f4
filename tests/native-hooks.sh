#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The native library has no hooks: whatever the deterministic seam announces (seam/point.h)
# costs nothing where threads are real.  No object of it names the scheduler, and the hot
# functions, as they are linked, call nothing of it.
#
#	native-hooks.sh libtdpsim_native.a libtdpsim_det.a tdpsim
#
# Exits with 77, which CTest counts as skipped, where there is no objdump.
set -u

native=$1
det=$2
program=$3
hot='kvm_tdp_mmu_map tdp_iter_next kvm_tdp_mmu_page_fault __kvm_faultin_pfn kvm_tdp_mmu_zap_leafs'
hook='sim_det_|sim_point'

for tool in nm objdump; do
	command -v $tool >/dev/null || { echo "no $tool here"; exit 77; }
done

# The symbols of an archive.  With link-time optimisation objects have no code to disassemble:
# then the symbols of the intermediate form are all there is, and the program has the rest.
symbols()
{
	nm "$1" 2>/dev/null
}

status=0
wrong()
{
	echo "native-hooks: $*" >&2
	status=1
}

# What looks for it must find it where it is.
symbols "$det" | grep -qE "$hook" || wrong "$det has no hooks: this test sees nothing"
symbols "$native" | grep -qE ' (T|t) ' || wrong "$native has no functions"

found=$(symbols "$native" | grep -E "$hook" | sort -u)
[ -z "$found" ] || wrong "$native names: $found"
found=$(nm "$program" | grep -E "$hook" | sort -u)
[ -z "$found" ] || wrong "$program has: $found"

# One pass, and of it every hot function that was not inlined.
code=$(objdump -d --no-show-raw-insn "$program" |
       awk -v hot="$hot" -v hook="$hook" '
	BEGIN { n = split(hot, names, " "); for (i = 1; i <= n; i++) want[names[i]] = 1 }
	/^[0-9a-f]+ <.*>:$/ {
		name = $2; gsub(/[<>:]/, "", name); sub(/\.(lto_priv|constprop|isra|part|cold).*/, "", name)
		in_hot = name in want
		if (in_hot) seen[name] = 1
	}
	in_hot && /call|jmp/ && $0 ~ hook { print "calls " name ": " $0 }
	END { for (name in seen) print "seen " name }')
echo "$code" | grep -q '^seen ' || wrong "$program has none of the functions: $hot"
found=$(echo "$code" | grep '^calls ')
[ -z "$found" ] || wrong "$found"
exit $status
