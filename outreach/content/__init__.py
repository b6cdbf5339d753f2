"""The text of an email: merge fields, checks, style, similarity, footer. Pure.

What a text must fulfil before a person sees it is `checks`; the merge language is `merge_fields`.
"""
