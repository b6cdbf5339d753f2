"""Why a person says no to an email: the words that drafting and guards learn from."""

from django.db.models import TextChoices


class Tag(TextChoices):
    PERSONALIZATION_MISMATCH = "personalization_mismatch", "Personalisation mismatch"
    ICP_MISMATCH = "icp_mismatch", "Wrong person or company"
    CAMPAIGN_MISMATCH = "campaign_mismatch", "Wrong campaign"
    TONE_STYLE = "tone_style", "Tone or style"
    FACTUAL_INACCURACY = "factual_inaccuracy", "Factual inaccuracy"
    WEAK_SUBJECT = "weak_subject", "Weak subject"
    WEAK_CTA = "weak_cta", "Weak call to action"
    LENGTH_STRUCTURE = "length_structure", "Length or structure"
    COMPLIANCE = "compliance", "Compliance"
    PLACEHOLDER_RENDERING = "placeholder_rendering", "Placeholder or rendering"
    OTHER = "other", "Other"
