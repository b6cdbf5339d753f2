"""Every fixed list of codes in outreach, with the words people read. Pure."""

from django.db.models import TextChoices


class Status(TextChoices):
    DRAFT = "draft", "Being drafted"
    BLOCKED = "blocked", "Blocked"
    HELD = "held", "Waiting for a decision"
    CLEARED = "cleared", "Approved, waiting to be sent"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    UNCERTAIN = "uncertain", "We don't know whether this was sent"
    FAILED = "failed", "Refused"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired without a decision"


class Transport(TextChoices):
    GHL = "ghl", "GoHighLevel"
    SANDBOX = "sandbox", "Sandbox"
    HISTORY = "history", "Before this system"  # nothing ever leaves by it


class BlockedBy(TextChoices):
    """Whose matter it is that a draft is blocked."""

    US = "us", "By us: a setting, the sender, a template or a list"
    PERSON = "person", "By what is known of the person"
    EARLIER = "earlier", "By an earlier email"


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
    BLOCKED = "blocked", "Blocked by receivers"
    HARD_BOUNCES = "hard_bounces", "Hard bounces"
    SEND_ERRORS = "send_errors", "Send errors"
    DOMAIN_HEALTH = "domain_health", "Domain health"
    AUTHENTICATION = "authentication", "SPF, DKIM, DMARC"
    HEALTH_VERDICT = "health_verdict", "Age of the health verdict"


class Level(TextChoices):
    ALERT = "alert", "Alert, and the machine approves nothing"
    HALT = "halt", "Sending halts and the phase drops"


class Record(TextChoices):
    """What DNS says of one record. Only an answer confirms that it is missing; a resolver that
    fails says nothing.
    """

    PRESENT = "present", "Present"
    MISSING = "missing", "Missing"
    UNKNOWN = "unknown", "Not known"


class Tag(TextChoices):
    PERSONALIZATION_MISMATCH = "personalization_mismatch", "Not personal enough"
    ICP_MISMATCH = "icp_mismatch", "Wrong person or company"
    CAMPAIGN_MISMATCH = "campaign_mismatch", "Wrong campaign"
    TONE_STYLE = "tone_style", "Tone or style"
    FACTUAL_INACCURACY = "factual_inaccuracy", "Factual inaccuracy"
    WEAK_SUBJECT = "weak_subject", "Weak subject"
    WEAK_CTA = "weak_cta", "Weak call to action"
    LENGTH_STRUCTURE = "length_structure", "Length or structure"
    COMPLIANCE = "compliance", "Compliance"
    PLACEHOLDER_RENDERING = "placeholder_rendering", "Broken text"
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
    BLOCKED = "blocked", "Blocked by the receiver; the address is good"
    SEND_FAILED = "send_failed", "Not delivered, and nobody said why"


class MoveCode(TextChoices):
    """Why an email changed its state: stored with each move, and the words that its history
    shows.
    """

    # drafting
    DRAFTED = "drafted", "Drafted, waiting for a decision"
    FREED = "freed", "What blocked it is gone: waiting for a decision"
    GUARD = "guard", "Blocked by a check"
    DRAFT_FAILED = "draft_failed", "Could not be drafted"
    TRAINING = "training", "Written for practice, waiting for a decision"
    COLLEAGUE_FIRST = "colleague_first", "On hold: a colleague with a higher score is emailed first"
    # decisions of a person
    APPROVED = "approved", "Approved"
    WOULD_APPROVE = "would_approve", "Would have been approved (shadow)"
    TRAINING_APPROVED = "training_approved", "Would have been approved (training)"
    REJECTED = "rejected", "Rejected"
    EDITED = "edited", "Edited"
    UNDONE = "undone", "Approval undone"
    CHOSEN = "chosen", "Chosen to be emailed instead of a colleague"
    COLLEAGUE_CHOSEN = "colleague_chosen", "On hold: a colleague is emailed instead"
    REOPENED = "reopened", "Reopened: it waits for a decision again"
    REJECTION_UNDONE = "rejection_undone", "Rejection undone"
    WITHDRAWN = "withdrawn", "Withdrawn"
    HISTORY = "history", "Rejected in the previous system"
    BROUGHT = "brought", "Brought from the previous system"
    TEST_OVER = "test_over", "Withdrawn: the test visitor's run has ended"
    PERSON_SAYS_SENT = "person_says_sent", "A person says it was sent"
    PERSON_SAYS_NOT_SENT = "person_says_not_sent", "A person says it was not sent"
    # automatic approval and time
    MACHINE = "machine", "Approved by the machine"
    MACHINE_RETURNED = "machine_returned", "Held again: the machine may not approve it any more"
    MORE_KNOWN = "more_known", "Held again: more is known of this person now"
    EXPIRED = (
        "expired",
        "Expired without a decision. It was never sent, and this does not count as a rejection",
    )
    # sending
    DOOR = "door", "Final checks began"
    LATER = "later", "Not yet: a limit held it back"
    RECOVERED = "recovered", "Not sent: the process that was sending it ended before the call"
    SENT = "sent", "Sent"
    UNCERTAIN = "uncertain", "We don't know whether this was sent"
    FOUND_AT_GHL = "found_at_ghl", "Found at GoHighLevel: it was sent"
    EVENT_AT_GHL = "event_at_ghl", "GoHighLevel reported what became of it: it was sent"
    # held again by the final checks
    COLLEAGUE = "colleague", "Held again: a colleague at the company was written to"
    STALE = "stale", "Held again: the approval was too old"
    OFFER_PAST = "offer_past", "Held again: the times that it offers are over"
    TRANSPORT_GONE = (
        "transport_gone",
        "Held again: it was approved for GoHighLevel, which is in the sandbox now",
    )
    NO_TRANSPORT = "no_transport", "Held again: it was approved without a transport"
    POSTAL_ADDRESS = "postal_address", "Held again: the postal address is not set"
    KNOWN_AT_GHL = (
        "known_at_ghl",
        "Stopped: GoHighLevel shows what was not known when it was approved",
    )
    # withdrawn or failed by the final checks
    NO_ADDRESS = "no_address", "Stopped: there is no address to write to"
    ADDRESS_CHANGED = "address_changed", "Stopped: this person's address has changed"
    OTHER_ADDRESS = "other_address", "Withdrawn: this person has another address by now"
    SAME_ADDRESS = "same_address", "Stopped: this address was written to for another lead"
    WRITTEN_AS_OTHER = "written_as_other", "Withdrawn: this person was written to as another lead"
    WRITTEN_BEFORE = "written_before", "Withdrawn: this person was emailed before"
    OTHER_IS_OPEN = "other_is_open", "Withdrawn: this person has another email open"
    FIRST_KEPT = "first_kept", "Withdrawn: the first email was kept in the sandbox"
    COMPANY_ANSWERED = (
        "company_answered",
        "Withdrawn: somebody at the company has answered, and is interested",
    )
    COUNTRY = "country", "Stopped: the recipient's country is not allowed"
    UNDELIVERABLE = "undeliverable", "Stopped: test, training and example emails are never sent"
    CONTACT_MISMATCH = (
        "contact_mismatch",
        "Refused: GoHighLevel returned a contact with another address",
    )
    DND = "dnd", "Refused: do-not-disturb is set at GoHighLevel"
    CONTACT_GONE = "contact_gone", "Refused: GoHighLevel does not find the contact"
    REFUSED = "refused", "Refused by GoHighLevel"
    # what this person did, or what their address is
    ANSWERED = "answered", "Stopped: this person has written to us"
    MEETING = "meeting", "Stopped: this person has booked a meeting"
    SUPPRESSED = "suppressed", "Stopped: this address is on a do-not-contact list"
    UNSUBSCRIBED = "unsubscribed", "Stopped: this person wants no more emails"
    COMPLAINED = "complained", "Stopped: this person called an email spam"
    BOUNCED = "bounced", "Stopped: the address does not receive emails"
    INVALID = "invalid", "Stopped: the address is not valid"
    GONE = "gone", "Stopped: this person is no longer there"
    BLOCKED = "blocked", "Stopped: the receiver blocked an email of this thread"
    SEND_FAILED = "send_failed", "Stopped: an email of this thread was not delivered"
    STOP_UNSURE = "stop_unsure", "Stopped: this person may have asked for no more emails"
    CUSTOMER = "customer", "Stopped: this is a customer"
    COMPETITOR = "competitor", "Stopped: this is a competitor"
    OWN_DOMAIN = "own_domain", "Stopped: this is an address of ours"
    PERSONAL = "personal", "Stopped: this is a personal mailbox"
    ROLE = "role", "Stopped: this is a mailbox of a role, not of a person"
    DISPOSABLE = "disposable", "Stopped: this is a disposable mailbox"
    ERASED = "erased", "Stopped: this person was erased"
    ERASED_UNCERTAIN = "erased_uncertain", "Counted as sent: uncertain when this person was erased"
    MANUAL = "manual", "Stopped by hand: do not contact"


def move_words(code: str) -> str:
    """The words of a stored move code. A code of an older version that is not used any more is
    shown as it stands.
    """
    return MoveCode(code).label if code in MoveCode.values else code.replace("_", " ").capitalize()
