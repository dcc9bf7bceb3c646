"""CHRO: the dashboard's lines and totals, with the newest simulation of each role beside them."""
