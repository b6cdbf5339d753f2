"""How many emails leave when, in which order, and the forecast.

`limit_rules`, `limit_texts`, `warm_up`, `priority_reserve`, `forecast` and `time_zones` are pure;
the others read rows for them.
"""
