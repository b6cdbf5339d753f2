"""Words for how far a lead is from HOT."""

from leads.scoring.assess import HotOutlook


def hot_lines(outlook: HotOutlook | None) -> list[str]:
    """What is missing, then each way to HOT; [] for a lead that is HOT."""
    if outlook is None:
        return []
    is_outdated = outlook.stored_intent not in (None, outlook.intent)
    scored_now = f"Scored now it would be {outlook.intent}. " if is_outdated else ""
    points = "point is" if outlook.missing == 1 else "points are"
    missing = f"{scored_now}{outlook.missing} {points} missing for HOT."
    return [missing, *(way.text for way in outlook.ways)]
