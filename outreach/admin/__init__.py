"""Admin pages of emails, templates, feedback and control."""

from outreach.admin import feedback as feedback
from outreach.admin import messages as messages
