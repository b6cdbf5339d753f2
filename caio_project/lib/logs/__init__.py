"""Log lines: their form, the ids they carry, and what is left out of them."""
