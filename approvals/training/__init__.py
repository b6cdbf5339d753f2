"""Emails to practise on: written with known faults, decided like real ones, and the result."""
