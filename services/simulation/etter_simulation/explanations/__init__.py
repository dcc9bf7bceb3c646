"""What a figure of a result is made of, and what moved it. Reads results; computes no new ones but expectations."""
