"""One reader per family of formats, loaded in the sandbox's child only."""
