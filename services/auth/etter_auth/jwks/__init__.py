"""Signing keys: made, rotated, published. Private keys are sealed in the database and open only in memory."""
