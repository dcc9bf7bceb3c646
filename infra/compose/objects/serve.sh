#!/bin/sh
# The bucket is a folder; the keys are files of secrets.
set -eu
mkdir -p /data/etter-documents
ROOT_ACCESS_KEY_ID=$(cat /run/secrets/objects_access_key)
ROOT_SECRET_ACCESS_KEY=$(cat /run/secrets/objects_secret_key)
export ROOT_ACCESS_KEY_ID ROOT_SECRET_ACCESS_KEY
exec versitygw --port :7070 --health /health --keep-alive --quiet posix /data
