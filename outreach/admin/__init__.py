"""Admin pages of emails, templates, feedback and control."""

from outreach.admin import after_send as after_send
from outreach.admin import control as control
from outreach.admin import feedback as feedback
from outreach.admin import messages as messages
from outreach.admin import templates as templates
