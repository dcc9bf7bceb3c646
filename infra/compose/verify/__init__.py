"""`make verify-containers`: the images and the compose file on a real Docker Engine, from build to restore.

Started as `python -m verify` from the folder above.
"""
