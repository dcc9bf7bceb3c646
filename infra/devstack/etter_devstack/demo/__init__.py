"""The demonstration: a fictional company, its people, and the main job through the ingress as a client does it."""
