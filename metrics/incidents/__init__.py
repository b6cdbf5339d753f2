"""Incidents: what is wrong, from its first evidence to what ended it.

`detectors` are the pure rules and `readings` what they are given; `plan` decides what opens, folds
and closes; `sweep` does it. A threshold that something else has judged by is read from there.
"""
