"""People: names of users and the company's currency, as auth announces them. Core never asks auth."""
