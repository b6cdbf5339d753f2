"""Checks of a deployment from outside, and the visitor that goes through it."""
