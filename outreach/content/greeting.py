"""Whom an email addresses by name. Pure."""

import re
import unicodedata

_GREETING = re.compile(
    r"^\W*(?:hi|hello|hey|hiya|dear|greetings|howdy|good (?:morning|afternoon|evening|day)|"
    r"hallo|hola|bonjour|ciao|liebe[rs]?)\b(?!['’-]\w)[ \t]*(?P<who>[^,\n:!?—–]{0,60}?)[ \t]*"
    r"(?:[,:!?—–]| -\s|\.?$)",
    re.IGNORECASE,
)
_NAME_ALONE = re.compile(r"^(?P<who>[A-Z][a-zà-ÿ'’-]{1,20}),$")
_NOBODY_NEEDED = re.compile(
    r"^\W*(?:(?:greetings|howdy|good (?:morning|afternoon|evening|day))|hello$)", re.IGNORECASE
)
# How a language greets somebody whose name is not known.
_OF_NOBODY = {
    "en": "Hello,", "de": "Guten Tag,", "fr": "Bonjour,", "es": "Buenos días:", "it": "Buongiorno,",
    "pt": "Olá,", "nl": "Goedendag,", "sv": "Hej,", "da": "Goddag,", "no": "Hei,", "fi": "Hei,",
    "pl": "Dzień dobry,", "cs": "Dobrý den,", "sk": "Dobrý deň,", "hu": "Tisztelt Címzett!",
    "ro": "Bună ziua,", "el": "Γεια σας,", "tr": "Merhaba,", "ru": "Здравствуйте,",
    "uk": "Добрий день,",
}  # fmt: skip
_TO_A_NAME = re.compile(r"[^\W\d_]+(?: [^\W\d_]+){0,2} \{\{\s*first_name\s*\}\}[ ]*[,:!.]?")
_TITLES = {
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "madam", "herr", "frau",
    "señor", "señora", "monsieur", "madame", "doctor",
}  # fmt: skip
_TO_ANYBODY = {
    "there", "team", "all", "everyone", "everybody", "folks", "again", "friends", "both", "from",
}  # fmt: skip
NICKNAMES = tuple(frozenset(group.split()) for group in (
    "alexander alexandra alex al sandy sasha xander lex", "andrew andy drew", "anthony tony",
    "antonio tony toni", "benjamin ben benny", "catherine katherine kathryn kate katie kathy cathy",
    "charles charlie chuck", "christopher chris topher", "christine christina chris tina chrissy",
    "daniel dan danny", "danielle dani", "david dave", "deborah debra deb debbie",
    "dorothy dot dottie", "edward ed eddie ted ned", "elizabeth liz beth betty eliza lisa lizzie",
    "francis frank", "francisco paco pancho frank", "frederick fred freddie", "gabriel gabe",
    "gerald gerry jerry", "gregory greg", "guillermo memo bill", "harold hal harry",
    "henry hank harry", "jacob jake", "james jim jimmy jamie", "janet jan", "jeffrey geoffrey jeff",
    "jennifer jen jenny", "jessica jess jessie", "john jack johnny jon", "jonathan jon",
    "jose pepe", "joseph joe joey", "joshua josh", "judith judy", "kenneth ken kenny",
    "lawrence laurence larry", "leonard leo len lenny", "louis lou louie",
    "margaret maggie meg peggy",
    "martin marty", "matthew matt", "michael mike mick mikey", "nathaniel nathan nate",
    "nicholas nick", "patricia pat patty trish", "patrick pat paddy", "peter pete",
    "philip phillip phil",
    "raymond ray", "rebecca becky becca", "richard rick rich dick ricky",
    "robert rob bob bobby robbie bert",
    "ronald ron", "russell russ", "samuel samantha sam sammy", "sarah sally",
    "stephen steven steve",
    "stephanie steph", "susan sue suzanne", "theodore ted theo teddy", "theresa teresa terry tess",
    "thomas tom tommy", "timothy tim", "valerie val", "victoria vicky tori", "vincent vince",
    "william will bill billy liam", "zachary zach zack",
))  # fmt: skip
_NORDIC = str.maketrans({"ø": "o", "æ": "ae", "ł": "l", "đ": "d", "ı": "i"})
_ADDRESSED = re.compile(
    r"(?m)^(?P<first>[A-Z][a-zà-ÿ]{2,14}), (?=(?:would|could|can|do|does|did|are|is|have|has|"
    r"any|what|how|when|which|let me|I|we)\b)"
    r"|\b(?i:thanks|thank you|sorry|congrats|congratulations|"
    r"cheers),? (?P<thanked>[A-Z][a-zà-ÿ]{2,14})"
    r"(?=[.!,])"
    r"|\b(?:sense|thoughts|interested|interest|helpful|time|chat|week|right|think), "
    r"(?P<asked>[A-Z][a-zà-ÿ]{2,14})\?"
)
_OPENS_A_SENTENCE = {
    "today", "tomorrow", "yesterday", "first", "second", "third", "next", "last", "finally",
    "honestly", "instead", "here", "there", "now", "so", "also", "otherwise", "however", "then",
    "still", "yes", "no", "well", "again", "meanwhile", "besides", "plus", "if", "when", "while",
    "once", "currently", "perhaps", "maybe", "sure", "okay", "monday", "tuesday", "wednesday",
    "thursday", "friday", "saturday", "sunday", "january", "february", "march", "april", "may",
    "june", "july", "august", "september", "october", "november", "december", "everyone", "team",
    "folks", "that", "this", "either", "both", "since", "because", "sometimes", "often", "usually",
    "most", "many", "two", "three", "therefore", "thus", "hence", "indeed", "afterwards",
    "beforehand", "anyway", "regardless", "look", "listen",
}  # fmt: skip


def greeting_of_nobody(language: str) -> str:
    return _OF_NOBODY.get(language, _OF_NOBODY["en"])


def without_name(paragraph: str, language: str = "en") -> str:
    """A template's paragraph with "Hi {{ first_name }}," as the greeting of nobody."""
    line, newline, rest = paragraph.partition("\n")
    if not _TO_A_NAME.fullmatch(line.strip()):
        return paragraph
    return greeting_of_nobody(language) + newline + rest


def greeted_name(body: str) -> str | None:
    """Return whom the first line greets; "" for a greeting of nobody, None without a greeting."""
    line = next((one.strip() for one in body.splitlines() if one.strip()), "")
    if line in _OF_NOBODY.values():
        return None
    if found := _GREETING.match(line):
        who = found["who"].strip(" .*_\"'-")
        if not _without_titles(who):
            return None if _NOBODY_NEEDED.match(line) else ""
        return who
    named = _NAME_ALONE.match(line)
    return named["who"] if named and named["who"].lower() not in _OPENS_A_SENTENCE else None


def _without_titles(who: str) -> list[str]:
    return [word for word in _name_words(who) or who.split() if word not in _TITLES]


def is_no_name(who: str) -> bool:
    """Tell whether `who` begins with an address, a domain or a number rather than a name."""
    return bool(re.match(r"(?=[\w@./|+-]+(?:\s|$))\S*?(?:[@\d/_|]|\w\.\w{2,})", who))


def others_addressed(body: str, own_names: tuple[str, ...], ours: str) -> str:
    """Return the name of somebody else whom the text speaks to; "" where it is the recipient.

    `own_names` are the recipient's names; `ours` is who signs.
    """
    if not any(own_names):
        return ""
    who = greeted_name(body)
    if who and not _says_anybody(who) and not _is_one_of(who, own_names):
        return who
    for found in _ADDRESSED.finditer(body):
        name = found["first"] or found["thanked"] or found["asked"]
        opens = name.lower() in _OPENS_A_SENTENCE or name.lower().endswith("ly")
        if not opens and not _is_one_of(name, (*own_names, *ours.split())):
            return name
    return ""


def _says_anybody(who: str) -> bool:
    return any(word.lower() in _TO_ANYBODY for word in re.findall(r"\w+", who))


def _is_one_of(who: str, names: tuple[str, ...]) -> bool:
    known = [word for name in names for word in _name_words(name)]
    return any(_same_name(said, name) for said in _name_words(who) for name in known)


def _name_words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_NORDIC))
    folded = "".join(char for char in plain if not unicodedata.combining(char))
    return re.findall(r"[^\W\d_]+", folded)


def _same_name(one: str, other: str) -> bool:
    """ "Sam" is Samuel, "Bob" is Robert, "D" is Dana."""
    if one.startswith(other) or other.startswith(one):
        return True
    return any(one in group and other in group for group in NICKNAMES)
