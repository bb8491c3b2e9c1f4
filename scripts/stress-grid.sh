#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs "tdpsim stress" over all sound profiles, both formats, 4 and 5 levels and all mixes,
# one after the other, each for its share of the time.
#
# Usage: scripts/stress-grid.sh MINUTES [TDPSIM [PROFILE...]]
#
#   MINUTES  of the whole grid; may be a fraction
#   TDPSIM   the program; default build/dev/tdpsim
#   PROFILE  instead of all sound ones
#
# SEED in the environment is added to the seed of each combination: another number, other
# runs.  Ends at the first failure with status 1, and keeps what that run printed in a file.
set -u

usage() {
	echo "usage: $0 MINUTES [TDPSIM [PROFILE...]]" >&2
	exit 2
}

[ $# -ge 1 ] || usage
minutes=$1
shift
tdpsim=$(dirname "$0")/../build/dev/tdpsim
if [ $# -ge 1 ]; then
	tdpsim=$1
	shift
fi
# seed-v1 is not among them: it is unsound.
profiles=${*:-v5.18 seed-v2 seed-opt1 seed-opt2 v6.4 v6.1 v6.12}
formats="ept npt"
levels="4 5"
mixes="all faults logs slots roots"
seed=${SEED:-0}

count() {
	echo $#
}

# shellcheck disable=SC2086
total=$(($(count $profiles) * $(count $formats) * $(count $levels) * $(count $mixes)))
seconds=$(awk -v m="$minutes" -v n="$total" 'BEGIN { if (m + 0 > 0) printf "%.3f", m * 60 / n }')
[ -n "$seconds" ] || usage
[ -x "$tdpsim" ] || { echo "$0: there is no program $tdpsim" >&2; exit 2; }

log=$(mktemp "${TMPDIR:-/tmp}/tdpsim-stress-XXXXXX")
trap 'rm -f "$log" "$log.sum"' EXIT
trap 'exit 1' INT TERM

# run PROFILE FORMAT LEVELS MIX: one combination, one line.
run() {
	nr=$((nr + 1))
	start=$(date +%s.%N)
	"$tdpsim" stress --profile "$1" --format "$2" --levels "$3" --mix "$4" \
		--seconds "$seconds" --seed "$((seed + nr))" >"$log" 2>&1
	status=$?
	took=$(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }')
	# "72613 accesses, 15216 of them judged, 4711 faults, 4 VMs, 21 checks"
	figures=$(grep ' accesses, .* judged, ' "$log" | tail -n 1)
	verdict=$(tail -n 1 "$log")
	if [ $status -ne 0 ] || [ "$verdict" != clean ]; then
		fail "$1 $2 $3 $4"
	fi
	echo "$figures" >>"$log.sum"
	printf '%3d/%d  %-9s %s %s %-6s  %5ss  clean  %s\n' "$nr" "$total" "$1" "$2" "$3" "$4" \
		"$took" "$figures"
}

# fail COMBINATION: say what it was, keep the output, end.
fail() {
	kept=$log.failed
	mv "$log" "$kept"
	printf '%3d/%d  %s: FAILED with status %d, seed %d\n' "$nr" "$total" "$1" "$status" \
		"$((seed + nr))"
	cat "$kept"
	echo "$((nr - 1)) of $total clean, 1 failed; its output is kept in $kept"
	exit 1
}

nr=0
: >"$log.sum"
began=$(date +%s)
for profile in $profiles; do
	for format in $formats; do
		for level in $levels; do
			for mix in $mixes; do
				run "$profile" "$format" "$level" "$mix"
			done
		done
	done
done

awk -v n="$nr" -v took="$(($(date +%s) - began))" '
	{ accesses += $1; judged += $3; faults += $7; vms += $9; checks += $11 }
	END {
		printf "%d of %d clean in %d s: %d accesses, %d judged, %d faults, %d VMs, %d checks\n",
		       n, n, took, accesses, judged, faults, vms, checks
	}' "$log.sum"
