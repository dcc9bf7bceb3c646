#!/bin/sh
# install.sh PREFIX PACKAGE… [-- FOLDER…]: into PREFIX what the lock names for these packages and /opt/etter does not
# have yet, by hash and as wheels only; then our own packages from FOLDER; compiled, with the same bytes each time.
set -eu
prefix=$1
shift
roots=
while [ $# -gt 0 ] && [ "$1" != -- ]; do roots="$roots $1"; shift; done
[ $# -eq 0 ] || shift

# shellcheck disable=SC2086 # names without spaces
python3 closure.py $roots < requirements.lock > wanted.txt
pip() { tools/bin/pip --python /opt/etter/bin/python "$@"; }
pip install --quiet --prefix "$prefix" --require-hashes --no-deps --no-compile --only-binary :all: -r wanted.txt
if [ $# -gt 0 ]; then
  for folder in "$@"; do tools/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir wheels "$folder"; done
  pip install --quiet --prefix "$prefix" --no-deps --no-compile --no-index wheels/*.whl
fi
# a stranger's tests are not run here; ours are not in the packages
find "$prefix"/lib -type d -name tests -path '*/site-packages/*' -prune -exec rm -rf {} +
# by the hash of the source and never looked up again: no date in it, and the root is read-only anyway
strip=${prefix%/opt/etter}
/opt/etter/bin/python -m compileall -q ${strip:+-s "$strip"} --invalidation-mode unchecked-hash "$prefix"/lib
find "$prefix" -exec touch --no-dereference --date=@"$SOURCE_DATE_EPOCH" {} +
if [ -n "$strip" ]; then  # together they must be whole
  cp -a "$prefix"/. /opt/etter/
  pip check
fi
