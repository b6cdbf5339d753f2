"""Assisted, switched on, in the sandbox."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from leads.models import TeamMember
from outreach.choices import Phase
from outreach.control import phase
from tests.outreach.auto_approval.approval_steps import DOMAIN, verdict


@pytest.fixture
def assisted(settings: Any, lead_user: User, sender: TeamMember, loose: None) -> None:
    settings.GHL_FROM_EMAIL = f"alex@{DOMAIN}"
    phase.current_control()
    phase.change_phase(Phase.ASSISTED, by=None, reason="test")
    phase.set_auto_approval(True, by=lead_user, reason="Six weeks of agreement.")
    verdict()
