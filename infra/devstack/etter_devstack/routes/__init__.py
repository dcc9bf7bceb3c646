"""The one routing table and what is rendered from it: Traefik's form, here and in compose, and Kubernetes objects."""
