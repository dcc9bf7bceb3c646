"""API keys: made, listed, revoked, told to all services. Knows users by id only; `users` and `companies` end keys."""
