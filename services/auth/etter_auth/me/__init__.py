"""The caller: their own user, read and changed by themselves. The rules are those of `users`."""
