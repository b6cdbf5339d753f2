"""The states of an email, and the one function that moves it from one to another.

`transitions` is the table of legal moves; `moves` claims, changes and logs one.
"""
