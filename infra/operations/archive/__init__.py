"""What a backup folder holds, and how each part gets into it and out again.

FOLDER/
  wal/                    the write-ahead log, without gaps (`backup.py follow`)
  objects/  objects.json  every document of the last weeks, once (`backup.py objects`)
  2026-11-25T19-40-00Z/   one backup: `manifest.json` with sizes and SHA-256, `base/`, `dumps/`, `streams/`
"""
