#!/bin/sh
# Makes .venv with everything pinned by hash. Called by make with: python, stamp file, packages.
set -eu
python=$1 stamp=$2
shift 2

say() { printf 'etter: %s\n' "$*" >&2; exit 1; }

[ -n "$python" ] || say "Python 3.11 or newer is needed; found $(python3 --version 2>/dev/null || echo none). Install it, or say which: make PYTHON=/path/to/python3.11 run"
free_kb=$(df -Pk . | awk 'NR == 2 {print $4}')
[ "$free_kb" -ge 2000000 ] || say "only $((free_kb / 1000)) MB are free here; the environment and the data need 2 GB"
[ -w . ] || say "this folder cannot be written to; copy the repository to one that can"

log=$(mktemp "${TMPDIR:-/tmp}/etter-install.XXXXXX")
pin=$(mktemp "${TMPDIR:-/tmp}/etter-install.XXXXXX")
trap 'rm -f "$log" "$pin"' EXIT
start=$(date +%s)
if [ ! -x .venv/bin/python ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  rm -rf .venv
  "$python" -m venv .venv >"$log" 2>&1 || {
    rm -rf .venv
    say "$python cannot make an environment; on Debian and Ubuntu install the package python3-venv first:
$(tail -n 3 "$log")"
  }
fi
try_pip() { .venv/bin/python -m pip --disable-pip-version-check --no-input "$@" >"$log" 2>&1; }
pip() {
  try_pip "$@" && return
  case $(cat "$log") in
    *"No space left"*) say "the disk is full: $(tail -n 1 "$log")" ;;
    *"THESE PACKAGES DO NOT MATCH THE HASHES"*) say "a downloaded package is not the one that was pinned; see
$(grep -A 4 HASHES "$log" | tail -n 4)" ;;
    *"NewConnectionError"* | *"ConnectTimeout"* | *"Failed to establish"* | *"Name or service not known"* | *"No matching distribution"* | *"Max retries"*)
      say "the package index cannot be reached, or lacks a package (pip's own settings decide which index is asked):
$(tail -n 2 "$log")" ;;
    *) say "installing failed:
$(tail -n 8 "$log")" ;;
  esac
}
# uv does in seconds what takes pip a minute, and comes with the same lock. It does not know pip's settings, so where they
# name another index, or another way to it, pip does it all; and so it does whatever uv fails at, or tells why it cannot.
redirected() {
  .venv/bin/python -m pip --disable-pip-version-check config list 2>/dev/null |
    grep -Eq '\.(index-url|no-index|proxy|trusted-host|client-cert|require-virtualenv)='
}
got_uv() {
  sed -n '/^uv==/,/[^\\]$/p' requirements.lock >"$pin"
  try_pip install --quiet --require-hashes -r "$pin"
}

printf 'Setting up .venv (once; a minute or two where pip has to do it alone) ...\n'
if redirected || ! got_uv; then uv=''; else uv=.venv/bin/uv; fi
fast() { [ -n "$uv" ] && "$uv" --quiet --system-certs pip install --python .venv/bin/python "$@" >"$log" 2>&1; }
# the lock is complete, and leaves out what a package asks for and never imports: `exclude-dependencies` in pyproject.toml
fast --require-hashes --no-deps -r requirements.lock || pip install --quiet --require-hashes --no-deps -r requirements.lock
set -- $(for package in "$@"; do printf ' -e %s' "$package"; done)
fast --no-build-isolation --no-deps "$@" || pip install --quiet --no-build-isolation --no-deps "$@"
pwd >"$stamp"
printf 'Set up in %s s.\n' "$(($(date +%s) - start))"
