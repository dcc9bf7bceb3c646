#!/bin/sh
# What compose.yaml needs of the official image's: make the data folder at the first start, then become the server.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA" && chmod 700 "$PGDATA"
  # shellcheck disable=SC2086 # several arguments
  initdb -D "$PGDATA" -U postgres --pwfile="$POSTGRES_PASSWORD_FILE" --no-instructions $POSTGRES_INITDB_ARGS
fi
exec "$@" -D "$PGDATA"
