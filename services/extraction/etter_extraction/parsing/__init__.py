"""Parsing: an uploaded file becomes pages of text and tables of cells, in a fresh limited child process."""
