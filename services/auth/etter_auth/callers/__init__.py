"""Callers: whether who calls auth still counts, by auth's own tables. It owns no table and no route."""
