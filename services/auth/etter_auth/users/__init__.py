"""Users: who they are and what roles they hold. How they sign in is `passwords`, that they are signed in `sessions`."""
