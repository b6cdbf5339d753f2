import pytest

from leads.models import TeamMember
from tests import factories


@pytest.fixture
def sender(db: None) -> TeamMember:
    return factories.TeamMemberFactory(default_sender=True)
