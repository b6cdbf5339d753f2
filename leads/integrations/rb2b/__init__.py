"""RB2B's visitors: the webhook's flat object, its CSV export, and the shapes of relays.

Source: support.rb2b.com, "Setup Guide: Webhook": Title Case keys, unsigned, without an event id.
"""

from leads.integrations.body_errors import UnreadableBody
from leads.integrations.rb2b.bodies import split_body
from leads.integrations.rb2b.fields import NOTE_TEXTS, names_visitor, note_text
from leads.integrations.rb2b.visitor import Visitor, parse_visitor
from leads.integrations.rb2b.written_times import all_times, visit_time, with_visit_time

__all__ = [
    "NOTE_TEXTS",
    "UnreadableBody",
    "Visitor",
    "all_times",
    "names_visitor",
    "note_text",
    "parse_visitor",
    "split_body",
    "visit_time",
    "with_visit_time",
]
