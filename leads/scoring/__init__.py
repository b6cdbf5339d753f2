"""Intent and fit with reasons that add up, and the versions of the rules.

`calculation` is pure; `assess` reads, scores and stores; `connections` finds who of us knows a
lead.
"""
