"""What a person wrote when they rejected before, to be used again."""

from collections import Counter
from typing import Any

from approvals.models import DecisionReason

MOST_READ = 100
MOST_OFFERED = 6


def reasons_of(user: Any) -> list[str]:
    written = DecisionReason.objects.filter(decision__by=user).order_by("-pk")
    texts = Counter(written.values_list("text", flat=True)[:MOST_READ])
    return [text for text, _ in texts.most_common(MOST_OFFERED)]
