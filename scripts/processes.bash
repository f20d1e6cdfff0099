# What the checks of whole programs share, which source it: a folder for logs and data, which goes at the end with every process that is left, and ways to wait.
folder=$(mktemp -d)

cleanup() {
	local left
	left=$(jobs -p)
	[ -z "$left" ] || kill -KILL $left 2>/dev/null || true
	wait 2>/dev/null || true
	rm -rf "$folder"
}
trap cleanup EXIT

fail() {
	echo "$(basename "$0" .sh): $*" >&2
	for log in "$folder"/*.log; do echo "--- $log" >&2; tail -n 20 "$log" >&2; done
	exit 1
}

# waits until the command succeeds, for 60 s at most.
await() {
	local what=$1
	shift
	for _ in $(seq 600); do
		if "$@" >/dev/null 2>&1; then return 0; fi
		sleep 0.1
	done
	fail "gave up waiting for $what"
}

# ends a process by SIGTERM and wants exit code 0.
finish() {
	local status=0
	kill -TERM "$1"
	wait "$1" || status=$?
	[ "$status" -eq 0 ] || fail "$2 ended with exit code $status"
}
