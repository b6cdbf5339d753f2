"""Every fixed list of codes in outreach, with the words people read. Pure."""

from django.db.models import TextChoices


class Status(TextChoices):
    DRAFT = "draft", "Being drafted"
    BLOCKED = "blocked", "Blocked"
    HELD = "held", "Waiting for a decision"
    CLEARED = "cleared", "Approved, waiting to leave"
    SENDING = "sending", "Leaving now"
    SENT = "sent", "Sent"
    UNCERTAIN = "uncertain", "We don't know whether this left"
    FAILED = "failed", "Refused"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired without a decision"


class Phase(TextChoices):
    SHADOW = "shadow", "Shadow"
    PARALLEL = "parallel", "Parallel"
    ASSISTED = "assisted", "Assisted"
    AUTONOMOUS = "autonomous", "Autonomous"


class Band(TextChoices):
    CRITICAL = "critical", "CRITICAL"
    HOT = "hot", "HOT"
    WARM = "warm", "WARM"
    LOW = "low", "LOW"


class Guardrail(TextChoices):
    COMPLAINTS = "complaints", "Complaints"
    HARD_BOUNCES = "hard_bounces", "Hard bounces"
    SEND_ERRORS = "send_errors", "Send errors"
    DOMAIN_HEALTH = "domain_health", "Domain health"
    AUTHENTICATION = "authentication", "SPF, DKIM, DMARC"
    HEALTH_VERDICT = "health_verdict", "Age of the health verdict"


class Level(TextChoices):
    ALERT = "alert", "Alert, and the machine approves nothing"
    HALT = "halt", "Sending halts and the phase drops"


class Record(TextChoices):
    """What DNS says of one record. Only an answer confirms that it is missing; a resolver that fails says nothing."""

    PRESENT = "present", "Present"
    MISSING = "missing", "Missing"
    UNKNOWN = "unknown", "Not known"


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


class EventKind(TextChoices):
    DELIVERED = "delivered", "Delivered"
    OPENED = "opened", "Opened"
    CLICKED = "clicked", "Clicked"
    BOUNCED = "bounced", "Hard bounce"
    DEFERRED = "deferred", "Put off by the receiver"
    COMPLAINED = "complained", "Complained of spam"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    REFUSED = "refused", "Refused by the mail provider"
