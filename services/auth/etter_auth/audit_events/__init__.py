"""What happened in auth, append-only, written in the same statement as the change. Other services keep their own
history."""
