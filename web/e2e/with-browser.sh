#!/usr/bin/env bash
# Runs a command that needs our programs and a browser: with-browser.sh COMMAND…
# TICKGATE_GATEWAY, TICKGATE_FEEDSIM and TICKGATE_TICKCTL are the programs; by default those in bin/, which `make build` makes.
# Installs Debian's Chromium if there is none; TICKGATE_CHROMIUM names another one. Fails, and never passes, where it cannot run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
	echo "web/e2e: $*" >&2
	exit 1
}

absolute() { case $1 in /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }

TICKGATE_GATEWAY=$(absolute "${TICKGATE_GATEWAY:-../bin/gateway}")
TICKGATE_FEEDSIM=$(absolute "${TICKGATE_FEEDSIM:-../bin/feedsim}")
TICKGATE_TICKCTL=$(absolute "${TICKGATE_TICKCTL:-../bin/tickctl}")
TICKGATE_CHROMIUM=${TICKGATE_CHROMIUM:-/usr/bin/chromium}
export TICKGATE_GATEWAY TICKGATE_FEEDSIM TICKGATE_TICKCTL TICKGATE_CHROMIUM
for program in "$TICKGATE_GATEWAY" "$TICKGATE_FEEDSIM" "$TICKGATE_TICKCTL"; do
	[ -x "$program" ] || fail "there is no program $program: run 'make build', or set TICKGATE_GATEWAY, TICKGATE_FEEDSIM and TICKGATE_TICKCTL"
done

if [ ! -x "$TICKGATE_CHROMIUM" ]; then
	echo "web/e2e: installing Chromium"
	[ "$TICKGATE_CHROMIUM" = /usr/bin/chromium ] || fail "there is no browser $TICKGATE_CHROMIUM"
	{ apt-get update && apt-get install -y --no-install-recommends chromium; } >&2 || fail "Chromium could not be installed, and without it nothing is tested"
	[ -x "$TICKGATE_CHROMIUM" ] || fail "Chromium was installed, and is not at $TICKGATE_CHROMIUM"
fi

[ -d node_modules ] || npm ci
exec npx "$@"
