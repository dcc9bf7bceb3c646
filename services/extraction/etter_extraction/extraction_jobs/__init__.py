"""Extraction jobs: the asynchronous work on documents, followed live."""
