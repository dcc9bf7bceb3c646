"""Sessions: started by a sign-in, kept alive by rotating refresh tokens, ended here. Knows users by id only."""
