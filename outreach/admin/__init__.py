from outreach.admin import feedback as feedback
from outreach.admin import messages as messages
