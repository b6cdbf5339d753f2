"""Admin pages of leads, owners and scoring rules."""

from leads.admin import lead_tables as lead_tables
from leads.admin import owners as owners
from leads.admin import rules as rules
