"""The phase, the halt, and what each phase allows.

`policy` is the frozen table with its pure judgement; `phase` reads and changes the row that is
enforced.
"""
