#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Installs what is missing, builds, and does the main job on the recordings that come
# with the project.
set -eu
cd "$(dirname "$0")"
. scripts/setup.sh

setup_packages
build release
tdpsim=build/release/tdpsim

echo "Replaying what real kernels' TDP MMUs did, on EPT and NPT, with 4 and 5 levels:"
echo
$tdpsim replay tests/recordings/*/*.vec.zst
echo
echo "The page tables of one small VM, before it is destroyed:"
echo
$tdpsim show tests/recordings/ept4-v6.12/thp.vec.zst
cat <<'END'

What you have just seen: each recording is what one VM did on a real kernel, operation
by operation.  tdpsim carried out the same operations on its own MMU, on real page
tables in memory that a CPU model walks, and came to the same page faults, the same
page-table pages, the same 64-bit entries and the same TLB flushes, in the same order.
Then it showed the tables that one of the recordings leads to.

Now a race, live.  The first version of "KVM: x86: Preserve TDP MMU roots until they are
explicitly invalidated" walked the list of roots at VM teardown without RCU, while a worker
may unlink and free them.  The same MMU, on a scheduler that decides every step:

END
# Status 1: it found something, as it should.
status=0
$tdpsim fuzz --workload zap-teardown --profile seed-v1 --seconds 60 --keep build/found || status=$?
[ "$status" -eq 1 ] || { echo "the race was not found"; exit 1; }
cat <<'END'

The command above does it again, step by step the same, with --backend threads under gdb, too.

Next:  build/release/tdpsim help        what else there is
       build/release/tdpsim fuzz --jobs 2 --seconds 60        all kernels, all workloads
       build/release/tdpsim explore zap-teardown              the patch as merged: all schedules
       ./test.sh                        the tests, under ASan and UBSan
END
