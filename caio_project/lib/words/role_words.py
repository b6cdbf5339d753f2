"""What somebody reads who may not do what they asked for: whom to ask, and that nothing changed."""


def ask_a_lead(to: str, nothing: str = "changed") -> str:
    return f"Ask a Lead to {to}. Nothing was {nothing}."


def ask_for_reviewer_role(to: str, nothing: str = "changed") -> str:
    return f"Ask a Lead for the reviewer role to {to}. Nothing was {nothing}."
