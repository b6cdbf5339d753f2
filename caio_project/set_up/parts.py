"""The twelve parts of the set-up: each done, open or wrong by what its rows prove."""

from django.utils import timezone

from caio_project.lib.models import SetUpCount, SetUpProof
from caio_project.lib.words.check_states import CheckState
from caio_project.set_up import team_parts, vendor_parts
from caio_project.set_up.part import Part

READERS = (*vendor_parts.READERS, *team_parts.READERS)


def read_parts() -> list[Part]:
    now, tests = timezone.now(), {row.part: row for row in SetUpProof.objects.all()}
    return [read(tests, now) for read in READERS]


def count_done() -> bool:
    """Store how many parts are done, for the top bar. True where the count has changed."""
    found = read_parts()
    counted = (sum(one.state == CheckState.PASS for one in found), len(found))
    before = SetUpCount.objects.filter(pk=1).values_list("done", "parts").first()
    columns = {"done": counted[0], "parts": counted[1], "at": timezone.now()}
    SetUpCount.objects.update_or_create(pk=1, defaults=columns)
    return before != counted
