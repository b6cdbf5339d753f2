"""Words that a template or another tool left to be filled in. Pure."""

import re
from collections.abc import Iterator

# What stands between the marks of a field.
_FIELD_WORD = (
    r"(?:f|l)?name|first|last|full|your|my|contact|company|account|lead|sender|recipient|insert|"
    r"prospect|job|title|role|e?mail|phone|city|industry|date|link|product|topic|pain|field"
)
_MARKS = re.compile(
    r"\{\{|\}\}|\{%|%\}"
    r"|\{(?!sic\})[^{}\n]{1,60}\}"  # {first_name}, {Hi|Hello}
    r"|%%[^%\n]{1,60}%%|%[A-Za-z][A-Za-z_.]{1,40}%|%\("  # %%name%%, %FIRSTNAME%, %(name)s
    r"|\*\|[^|\n]{1,60}\|\*|\|[A-Z_]{3,40}\|"  # *|FNAME|*, |FNAME|
    r"|\[(?:if|unless|title)\b"
    r"|\[\[[^\]\n]{1,60}\]\]"
    r"|<<|>>|<%|%>"
    # <First Name>; a tag of HTML is shown as it is typed, and fills nothing
    r"|</?(?!https?:|mailto:|[\w.+-]+@|(?:a|b|i|u|p|br|em|hr|li|ol|ul|td|tr|div|img|pre|html|span|"
    rf"table|strong|script|style|h\d)\b)(?:(?-i:[A-Z])|[a-z]+_|(?:{_FIELD_WORD})\b)[^<>\n]{{0,60}}>"
    r"|\$\{|\$[A-Za-z]+_[A-Za-z_]+|\$(?:first|last|full|company)[A-Za-z]*\b"
    r"|##[^#\n]{1,60}##|#[A-Za-z]+_[A-Za-z_]+#?|@@[^@\n]{1,60}@@|~~[A-Za-z][^~\n]{0,40}~~"
    r"|__[A-Za-z][A-Za-z _]{0,40}__|_{3,}"
    r"|&(?:amp|lt|gt|nbsp|quot|apos|#\d{2,5});",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\[([^\[\]\n]{1,80})\](\w?)")
_IN_BRACKETS_IN_PROSE = {"sic", "they", "we", "our", "their", "it", "he", "she", "the", "i", "…"}
_GUILLEMETS = re.compile(
    r"«\s?(?:[A-Za-z]+_[A-Za-z_]+|[A-Z]{3,}|[A-Z][a-z]+[A-Z]\w*|"
    rf"(?i:{_FIELD_WORD})\b[ \w]{{0,30}})\s?»"
)
_BARE_FIELDS = re.compile(
    r"(?i:\b(?:first|last|full|company|job|sender|contact)_(?:name|title)\b)"
    r"|\b(?:FNAME|LNAME|FIRSTNAME|LASTNAME|firstName|lastName|companyName|jobTitle)\b"
)
_FILLER = re.compile(
    r"\bX{3,6}\b|(?-i:\bTODO\b|\bFIXME\b|\bTKTK\b)(?![ -]list)|\blorem ipsum\b|\bdolor sit\b"
    r"|\b(?:insert|add|enter|type)\s+(?:your |the |their |a )?"
    r"(?:[\w ]{1,20} )?(?:name|company|title|date|link|text) here\b"
    r"|\byour (?:name|company|title|text) here\b|\bplaceholder text\b|\basdf\w*\b",
    re.IGNORECASE,
)
# "None of your team" and "an undefined process" are English; "for None", "at undefined," are not.
_EMPTY_VALUES = re.compile(
    r"\b(?:hi|hello|hey|dear|at|for|as|help|helps|with|about|to)\s+"
    r"(?:undefined|null|n/a|tbd|(?-i:nan))(?=\s*(?:$|[^\w\s’'-]|(?:with|and|to|on|in|by|at|for|"
    r"about|that|team)\b))",
    re.IGNORECASE | re.MULTILINE,
)
_NONE = re.compile(
    r"\bNone\b(?! (?:of|is|are|was|were|has|have|had|so|too|needs?|other|at all)\b)"
    r"|\b(?:null|NULL)\b(?! (?:and void|hypothes|pointer|value|result|check|field|record))"
    r"|\bNaN\b|\[object \w+\]|^\s*undefined\b(?! \w)|\bundefined undefined\b",
    re.MULTILINE,
)


def find_placeholders(text: str) -> list[str]:
    """Return what stands in `text` unfilled, in the spelling of any tool."""
    return list(dict.fromkeys(_found_in(text)))


def _found_in(text: str) -> Iterator[str]:
    for pattern in (_MARKS, _GUILLEMETS, _BARE_FIELDS, _FILLER, _EMPTY_VALUES, _NONE):
        yield from (found.group().strip() for found in pattern.finditer(text))
    yield from (found.group() for found in _BRACKETS.finditer(text) if _is_field(*found.groups()))


def _is_field(inside: str, letter_after: str) -> bool:
    """ "[First Name]" is a field; "[1]" is a note, "[They]" and "[w]e" mend a quotation."""
    low = inside.strip().lower()
    mends = low in _IN_BRACKETS_IN_PROSE or (len(low) == 1 and bool(letter_after))
    return any(char.isalpha() for char in low) and not mends
