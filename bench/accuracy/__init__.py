"""Parts of `bench/extraction.py`: what is right in the facts of real documents, part by part."""
