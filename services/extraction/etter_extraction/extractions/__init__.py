"""Extractions: the facts found in a document, with where they stand in it, and a person's review of them."""
