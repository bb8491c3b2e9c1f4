#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Installs what is missing, builds with ASan and UBSan, and runs the tests.
# Arguments go to ctest, as in: ./test.sh -L unit
set -eu
cd "$(dirname "$0")"
. scripts/setup.sh

setup_packages
build dev

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
ctest --preset dev -j2 "$@" >"$log" 2>&1 || status=$?
cat "$log"
# "98% tests passed, 1 tests failed out of 61"
sed -n 's/.* \([0-9]*\) tests failed out of \([0-9]*\)$/\1 \2/p' "$log" | {
	read -r failed total || { failed=0 total=0; }
	echo "$((total - failed)) passed, $failed failed"
}
exit $status
