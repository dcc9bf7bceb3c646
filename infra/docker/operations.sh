#!/bin/sh
# `backup.py …` or `restore.py …` with passwords from the files of secrets.
set -eu
secret() { [ ! -f "/run/secrets/$1" ] || cat "/run/secrets/$1"; }
PGPASSWORD=$(secret backup_password)
AWS_ACCESS_KEY_ID=$(secret objects_access_key)
AWS_SECRET_ACCESS_KEY=$(secret objects_secret_key)
NATS_OPERATOR_PASSWORD=$(secret nats_operator_password)
VALKEY_OPERATOR_PASSWORD=$(secret valkey_operator_password)
export PGPASSWORD AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY NATS_OPERATOR_PASSWORD VALKEY_OPERATOR_PASSWORD
exec python3 "$@"
