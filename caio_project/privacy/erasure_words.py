"""What an erasure did, and what it cannot reach, as sentences."""

from caio_project.privacy.erasing import ErasureReport

OUTSIDE = (
    "Not reached from here: the contact at GoHighLevel (do-not-disturb is set there; delete it "
    "there), Clay’s table, emails already sent to the team, and backups (docs/privacy.md)."
)


def report_lines(report: ErasureReport) -> list[str]:
    """What a person must know beside the counts."""
    emails, lines = report.emails, []
    if emails.withdrawn:
        lines.append(f"{_emails(emails.withdrawn)} not sent yet: withdrawn.")
    if emails.counted_as_sent:
        lines.append(
            f"{_emails(emails.counted_as_sent)} uncertain: counted as sent, for it may have "
            "arrived. Nobody looks for it any more."
        )
    if emails.leaving:
        lines.append(
            f"{_emails(emails.leaving)} being sent at this moment: it may arrive. It is settled "
            "within minutes, and keeps no text."
        )
    if report.slack_waiting:
        lines.append(
            f"{report.slack_waiting} messages in Slack are being rewritten to say that the person "
            "was erased."
        )
    if report.file_error:
        lines.append(
            f"The erasure could not be written beside the database: {report.file_error} A backup "
            "restored today would not know of it. It is tried again every minute."
        )
    return lines


def _emails(count: int) -> str:
    return "1 email was" if count == 1 else f"{count} emails were"
