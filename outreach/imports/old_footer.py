"""The signature and footer that the older system put into its texts. Pure."""

import re

SIGN_OFF = re.compile(
    r"(?:(?:all the |my )?best(?: regards| wishes)?|(?:kind|warm)(?:est)? regards|regards|cheers|"
    r"thanks(?: again)?|thank you|sincerely|talk soon|--)\W*",
    re.IGNORECASE,
)
OLD_FOOTER = re.compile(
    r"\W*(?:click here|unsubscribe|opt[ -]?out|to unsubscribe|if you (?:no longer|don't|would)|"
    r"manage (?:your )?preferences)\b.*|.*(?:mailto:|https?:)\S*unsub.*",
    re.IGNORECASE,
)
LONGEST_SIGNATURE = 8  # lines


def without_old_footer(body: str) -> str:
    """Cut the older system's signature, address and unsubscribe line; ours come below."""
    lines = body.split("\n")
    footer = next((at for at, line in enumerate(lines) if OLD_FOOTER.fullmatch(line)), len(lines))
    lines = lines[:footer]
    last = len(lines) - LONGEST_SIGNATURE
    for at in range(len(lines) - 1, max(last, 0) - 1, -1):
        if SIGN_OFF.fullmatch(lines[at].strip()):
            return "\n".join(lines[:at]).rstrip()
    return "\n".join(lines).rstrip()
