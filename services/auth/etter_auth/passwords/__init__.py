"""Passwords: signing in with one, changing one, and the limits on guessing. SSO and keys are slices of their own."""
