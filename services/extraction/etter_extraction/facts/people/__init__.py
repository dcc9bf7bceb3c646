"""Tables of people, posts and roles: which column is what, who counts, and what the roles are. Pure, no I/O."""
