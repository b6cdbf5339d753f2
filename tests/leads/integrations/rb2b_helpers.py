"""Helpers of the tests beside."""

from typing import Any

import pytest

from leads.integrations.rb2b import Visitor, parse_visitor
from tests.fakes import rb2b


def read(payload: Any) -> Visitor:
    return parse_visitor(rb2b.to_body(payload))


def respelled(payload: dict[str, Any], respell: Any) -> dict[str, Any]:
    return {respell(key): value for key, value in payload.items()}


WRAPPERS = {
    "as RB2B sends it": lambda p: p,
    "relay envelope": rb2b.relay_envelope,
    "queue wrapper": rb2b.queue_wrapper,
    "queue wrapper with text": lambda p: rb2b.queue_wrapper(p, as_text=True),
    "relay of a queue": lambda p: rb2b.relay_envelope(rb2b.queue_wrapper(p, as_text=True)),
    "wrapped as data": lambda p: {"data": p},
    "snake case": lambda p: respelled(p, lambda key: key.lower().replace(" ", "_")),
    "camel case": lambda p: respelled(p, lambda key: key[0].lower() + key[1:].replace(" ", "")),
    "upper case": lambda p: respelled(p, str.upper),
    "with unknown fields": lambda p: {
        **p,
        "Score": 7,
        "customer_id": "c-1",
        "extra": {"a": [1]},
        "data": {},
    },
    "in another order": lambda p: dict(reversed(p.items())),
}


wrapped = pytest.mark.parametrize(
    "wrap", [pytest.param(wrap, id=name) for name, wrap in WRAPPERS.items()]
)
