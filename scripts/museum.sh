#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Has every mutant of tests/museum/ searched for, and prints a table: how long that took, how
# many preemptions are left when it is shrunk, and whether it replays, on fibres and on threads.
#
#	scripts/museum.sh BUILD_DIR [ID...]
#
# SEEDS=N: from the seeds 1 to N (default 1).  SECONDS_EACH=S: give up after that (default 60).
# DEFAULTS=1: search with default options, in place of the bug's own workload, profile and options.
# REPLAYS=N: replay so often on each backend (default 1000).  EQUIV_SECONDS=S: how long those are
# searched that must stay silent (default 30).  Exit status 1 if an entry is not as it should be.
set -eu
build=$1
shift
cd "$(dirname "$0")/.."
build=$(cd "$build" && pwd)
seeds=${SEEDS:-1}
seconds=${SECONDS_EACH:-60}
replays=${REPLAYS:-1000}
silent=${EQUIV_SECONDS:-30}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# program ID: the tdpsim-det that has the bug.
program() {
	if [ -x "$build/tests/museum/museum-$1" ]; then
		echo "$build/tests/museum/museum-$1"
	else
		echo "$build/tdpsim-det"
	fi
}

# replay_all PROGRAM FILE: "1000+1000", or what went wrong.
replay_all() {
	for backend in fibres threads; do
		"$1" replay "$2" --times "$replays" --backend $backend -q >"$work/replay" 2>&1 || true
		grep -q ": $replays of $replays replays as recorded" "$work/replay" || {
			echo "differs"
			return
		}
	done
	echo "$replays+$replays"
}

# bug ID WORKLOAD PROFILE OPTIONS...: search from each seed; the first seed's finding is replayed.
bug() {
	id=$1 workload=$2 profile=$3
	shift 3
	[ "$profile" = any ] || set -- --profile "$profile" "$@"
	found=0 times='' preemptions='' replay='' what=''
	for seed in $(seq 1 "$seeds"); do
		rm -rf "$work/keep"
		"$(program "$id")" fuzz --workload "$workload" "$@" \
			--seed "$seed" --seconds "$seconds" --keep "$work/keep" >"$work/out" 2>&1 || true
		grep -q '^found: ' "$work/out" || continue
		found=$((found + 1))
		times="$times $(sed -n 's/.* schedules in \([0-9.]*\) s:.*/\1/p' "$work/out" | tail -1)"
		left=$(sed -n 's/^shrunk .*preemptions [0-9]* to \([0-9]*\)$/\1/p' "$work/out")
		[ "${left:-99}" -gt "${preemptions:-0}" ] && preemptions=$left
		: "${preemptions:=0}"
		if [ -z "$replay" ]; then
			what=$(sed -n 's/^found: //p' "$work/out" | cut -c1-60)
			file=$(find "$work/keep" -name "*.sched" ! -name 'corpus-*' | head -1)
			replay=$(replay_all "$(program "$id")" "$file")
		fi
	done
	median=$(echo "$times" | tr ' ' '\n' | sed '/^$/d' | sort -n | awk '{ t[NR] = $1 } END { print NR ? t[int((NR + 1) / 2)] : "-" }')
	worst=$(echo "$times" | tr ' ' '\n' | sed '/^$/d' | sort -n | tail -1)
	printf '| %s | %s | %s | %s of %s | %s | %s | %s | %s | %s |\n' "$id" "$workload" "$profile" \
		"$found" "$seeds" "$median" "${worst:--}" "${preemptions:--}" "${replay:--}" "$what"
	[ $((found * 20)) -ge $((seeds * 19)) ] && [ "${preemptions:-0}" -le 4 ] &&
		[ "$replay" = "$replays+$replays" ] || failed=$((failed + 1))
}

# equivalent ID WORKLOAD PROFILE OPTIONS...: nothing may be found.
equivalent() {
	id=$1 workload=$2 profile=$3
	shift 3
	if "$(program "$id")" fuzz --workload "$workload" --profile "$profile" "$@" \
		--seconds "$silent" --keep "$work/keep" >"$work/out" 2>&1; then
		printf '| %s | %s | %s | silent | %s | | | | |\n' "$id" "$workload" "$profile" \
			"$(sed -n 's/^\([0-9]* schedules in [0-9.]* s\):.*/\1/p' "$work/out" | tail -1)"
	else
		printf '| %s | %s | %s | NOT SILENT | | | | | %s |\n' "$id" "$workload" "$profile" \
			"$(sed -n 's/^found: //p' "$work/out")"
		failed=$((failed + 1))
	fi
}

echo "| entry | workload | profile | found | median s | worst s | preemptions | replays | report |"
echo "|---|---|---|---|---|---|---|---|---|"
grep '^[A-Za-z]' tests/museum/index.txt >"$work/index"
while read -r id patch kind workload profile options; do
	[ $# -eq 0 ] || case " $* " in *" $id "*) ;; *) continue ;; esac
	[ "$options" != "-" ] || options=
	case $kind in
	bug)
		if [ "${DEFAULTS:-0}" != 0 ]; then
			workload=all options=
			# Of the profiles that are wrong themselves the default has none.
			[ "$patch" = "-" ] || profile=any
		fi
		# shellcheck disable=SC2086
		bug "$id" "$workload" "$profile" $options </dev/null ;;
	equivalent)
		# shellcheck disable=SC2086
		equivalent "$id" "$workload" "$profile" $options </dev/null ;;
	esac
done <"$work/index"
echo
echo "$failed entries are not as they should be"
[ "$failed" -eq 0 ]
