"""Codes for vendors' bodies that cannot be read, and the sentence of each. Pure."""

from typing import Any

BODY_ERRORS = {
    "body_not_utf8": "The body is not UTF-8: byte {position} is {byte}.",
    "body_not_json": "The body is not JSON: {error}.",
    "body_not_object": "The body is a JSON {json_type}, not an object.",
    "body_too_deep": "The body is nested too deeply.",
    "field_not_text": "{field} is a {json_type}, not text.",
    "no_identifiers": (
        "It names nobody: LinkedIn URL, Business Email, Company Name and Website are all missing."
    ),
    "no_readable_identifier": (
        "It names nobody: no LinkedIn URL, address, company name or website could be read."
    ),
    "request_id_missing": (
        "request_id is missing: it must be a column of the Clay table and part of the callback "
        "body. There is no address, LinkedIn URL or visitor_id in it either."
    ),
    "request_id_unknown": "request_id is not one of ours.",
    "answer_about_nobody": (
        "It is about nobody known here: no lead has its address, LinkedIn URL or visitor_id."
    ),
}


class UnreadableBody(Exception):
    """A body of which nothing can be made. `details` are the arguments of the code's sentence."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(BODY_ERRORS[code].format(**details))
        self.code, self.details = code, details
