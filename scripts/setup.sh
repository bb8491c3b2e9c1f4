# SPDX-License-Identifier: GPL-2.0-only
# Sourced by run.sh and test.sh: installs what is missing, and builds a preset.

# The packages of Debian that the build needs, by what shows that they are there.
setup_packages() {
	missing=
	for package in build-essential cmake ninja-build pkg-config liburcu-dev libjemalloc-dev \
		       libcmocka-dev libzstd-dev systemtap-sdt-dev libdw-dev libjson-c-dev; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' ||
			missing="$missing $package"
	done
	[ -n "$missing" ] || return 0

	echo "installing:$missing"
	as_root=
	[ "$(id -u)" -eq 0 ] || as_root=sudo
	$as_root apt-get update -qq
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends \
		$missing >/dev/null
}

# build PRESET: quiet unless it fails.
build() {
	log=$(mktemp)
	if ! { cmake --preset "$1" && cmake --build --preset "$1"; } >"$log" 2>&1; then
		cat "$log"
		rm -f "$log"
		echo "the $1 build failed"
		exit 1
	fi
	rm -f "$log"
}
