"""Documents: uploaded files, checked by their bytes before anything of them is kept.

Not here: what they say (extractions), the work on them (extraction_jobs).
"""
