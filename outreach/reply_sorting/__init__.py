"""Which kind a reply is. Pure; the words are data in `words/`.

`reply_text` cuts what the person did not write, `auto_replies` finds programs, `classify` decides.
"""
