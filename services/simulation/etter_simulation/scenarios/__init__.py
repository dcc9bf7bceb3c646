"""Assumptions that are kept: named, versioned, with the roles they were made for. Not what runs of them yield."""
