"""What a person wrote, out of what mail programs make of it."""

import pytest

from outreach.reply_sorting.reply_text import to_plain_text, without_quotes, without_signature

OURS = "Hi Dana,\n\nIs there a pilot?\n\nUnsubscribe: https://caio.example.com/u/9f2c"
QUOTED = "\n".join("> " + line for line in OURS.split("\n"))

INTRODUCTIONS = {
    "gmail": "On Tue, Mar 3, 2026 at 9:14 AM Elif Demir <elif@caio.example.com> wrote:",
    "gmail wrapped": "On Tue, Mar 3, 2026 at 9:14 AM Elif Demir <elif@caio.example.com>\nwrote:",
    "gmail wrapped twice": "On Tuesday, March 3, 2026 at 9:14 AM\n"
    "Elif Demir <elif@caio.example.com>\nwrote:",
    "apple": "On Mar 3, 2026, at 9:14 AM, Elif Demir <elif@caio.example.com> wrote:\n",
    "old gmail": "2026-03-03 9:14 GMT+01:00 Elif Demir <elif@caio.example.com>:",
    "german": "Am Di., 3. März 2026 um 09:14 Uhr schrieb Elif Demir <elif@caio.example.com>:",
    "german, name first": "Elif Demir <elif@caio.example.com> schrieb am 3. März 2026 um 09:14:",
    "french": "Le mar. 3 mars 2026 à 09:14, Elif Demir <elif@caio.example.com> a écrit :",
    "spanish": "El mar, 3 mar 2026 a las 9:14, Elif Demir (<elif@caio.example.com>) escribió:",
    "italian": "Il giorno mar 3 mar 2026 alle ore 09:14 "
    "Elif Demir <elif@caio.example.com> ha scritto:",
    "portuguese": "Em ter., 3 de mar. de 2026 às 09:14, "
    "Elif Demir <elif@caio.example.com> escreveu:",
    "dutch": "Op di 3 mrt 2026 om 09:14 schreef Elif Demir <elif@caio.example.com>:",
    "polish": "wt., 3 mar 2026 o 09:14 Elif Demir <elif@caio.example.com> napisał(a):",
    "swedish": "Den tis 3 mars 2026 kl 09:14 skrev Elif Demir <elif@caio.example.com>:",
    "japanese": "2026年3月3日(火) 9:14 Elif Demir <elif@caio.example.com>:",
}
HEADERS = {
    "outlook": "From: Elif Demir <elif@caio.example.com>\n"
    "Sent: Tuesday, March 3, 2026\nTo: Dana\nSubject: pilot",
    "outlook, marked": "*From:* Elif Demir\n*Sent:* Tuesday\n*To:* Dana",
    "outlook, ruled": "________________________________\nFrom: Elif Demir\nSent: Tuesday\nTo: Dana",
    "outlook, one line": "From: Elif Demir Sent: Tuesday, March 3, 2026 To: Dana Subject: pilot",
    "outlook, old": "-----Original Message-----\nFrom: Elif Demir",
    "german": "Von: Elif Demir\nGesendet: Dienstag, 3. März 2026 09:14\nAn: Dana\nBetreff: Pilot",
    "french": "De : Elif Demir\nEnvoyé : mardi 3 mars 2026\nÀ : Dana\nObjet : pilote",
    "spanish": "De: Elif Demir\nEnviado el: martes, 3 de marzo\nPara: Dana\nAsunto: piloto",
    "italian": "Da: Elif Demir\nInviato: martedì 3 marzo\nA: Dana\nOggetto: pilota",
    "dutch": "Van: Elif Demir\nVerzonden: dinsdag 3 maart\nAan: Dana\nOnderwerp: pilot",
    "forwarded": "---------- Forwarded message ---------\nFrom: Elif Demir",
    "apple, forwarded": "Begin forwarded message:\n\nFrom: Elif",
    "german, old": "-----Ursprüngliche Nachricht-----\nVon: Elif",
}


@pytest.mark.parametrize("introduction", INTRODUCTIONS.values(), ids=INTRODUCTIONS)
@pytest.mark.parametrize("quoted", [OURS, QUOTED], ids=["bare", "marked"])
def test_what_follows_an_introduction_is_quoted(introduction: str, quoted: str) -> None:
    assert without_quotes(f"Sounds good.\n\n{introduction}\n{quoted}") == "Sounds good."


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_what_follows_the_headers_of_an_email_is_quoted(header: str) -> None:
    assert without_quotes(f"Sounds good.\n\n{header}\n\n{OURS}") == "Sounds good."


@pytest.mark.parametrize("introduction", INTRODUCTIONS.values(), ids=INTRODUCTIONS)
def test_an_answer_below_the_quote_stays(introduction: str) -> None:
    assert without_quotes(f"{introduction}\n{QUOTED}\n\nThursday works.") == "Thursday works."


def test_an_answer_between_the_lines_stays() -> None:
    text = (
        f"{INTRODUCTIONS['gmail']}\n> Is there a pilot?\n\nThere was.\n\n"
        "> Would you talk?\n\nNot to you."
    )
    assert without_quotes(text) == "There was.\n\nNot to you."


@pytest.mark.parametrize(
    "text",
    [
        "On 3 March my boss wrote a memo about it: nothing came of it.",
        "From what I hear: it works.",
        "Here is where we stand:\nno budget",
        "To: be discussed\nFrom: our side nothing is open",
        "I work on it. As Dana wrote: no.",
    ],
)
def test_sentences_that_look_like_headers_stay(text: str) -> None:
    assert without_quotes(text) == text


def test_our_unquoted_footer_is_removed() -> None:
    assert (
        without_quotes("Good.\n\n1 Example Street\nUnsubscribe: https://caio.example.com/u/9f2c")
        == "Good.\n\n1 Example Street"
    )


def test_legal_notice_is_cut_off() -> None:
    notice = "CONFIDENTIALITY NOTICE: if you are not the intended recipient, stop and delete this."
    assert without_quotes(f"Good.\n\n{notice}") == "Good."
    assert without_quotes(notice) == notice


SIGNED = {
    "delimiter": "--\nDana Whitfield",
    "regards": "Best regards,\n\nDana Whitfield\nVP Sales",
    "thanks": "Thanks\nDana",
    "german": "Mit freundlichen Grüßen\nJürgen Hofmann",
    "french": "Cordialement,\nSophie",
    "block of contact": "Dana Whitfield\nVP Sales, Northline Freight\no: (614) 555-0142",
    "iphone": "Sent from my iPhone",
    "iphone, german": "Von meinem iPhone gesendet",
    "iphone, french": "Envoyé de mon iPhone",
    "iphone, spanish": "Enviado desde mi iPhone",
    "iphone, italian": "Inviato da iPhone",
    "iphone, portuguese": "Enviado do meu iPhone",
    "iphone, dutch": "Verstuurd vanaf mijn iPhone",
    "iphone, japanese": "iPhoneから送信",
    "outlook": "Get Outlook for iOS<https://aka.example.com/o0ukef>",
}


@pytest.mark.parametrize("signature", SIGNED.values(), ids=SIGNED)
def test_a_signature_is_not_said(signature: str) -> None:
    assert without_signature(f"Call me on Friday.\n\n{signature}") == "Call me on Friday."


@pytest.mark.parametrize(
    "text",
    [
        "Thanks",
        "Best regards,\nDana",
        "Thanks\n\nBut we will not go on with this, as I said at the fair.",
        "555-0142",
    ],
)
def test_nothing_is_cut_down_to_nothing_and_thanks_may_open(text: str) -> None:
    assert without_signature(text) == text


PAGES = {
    "gmail": (
        '<div dir="ltr">Fine.<br></div><div class="gmail_quote"><div class="gmail_attr">'
        "On Wed, Mar 4, 2026 at 8:02 AM "
        'Elif &lt;<a href="mailto:e@caio.example.com">e@caio.example.com</a>&gt; wrote:<br></div>'
        "<blockquote><p>Hi</p>"
        '<a href="https://caio.example.com/u/a">Unsubscribe</a></blockquote></div>'
    ),
    "outlook": (
        "<html><head><style>p {margin:0}</style><title>x</title></head><body>"
        "<!--[if mso]><xml>EN-US</xml><![endif]-->"
        "<p>Fine.</p><div><p>"
        "<b>From:</b> Elif<br><b>Sent:</b> Monday<br><b>To:</b> Dana</p></div>"
        "<p>Hi</p></body></html>"
    ),
    "below": "<blockquote>Hi<br>there</blockquote><p>Fine.</p>",
    "nested": "<div>Fine.<blockquote>a<blockquote>b</blockquote>c</blockquote></div>",
    "never closed": "<div><p>Fine.<blockquote>Hi",
    "a link to opt out": '<p>Fine.</p><p><a href="https://x.test">Unsubscribe here</a></p>',
    "tags without a name": "<!doctype html><p>Fine.</p></>",
    "a head never closed": "<html><head><body><p>Fine.</p>",
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_html_is_read_as_its_text(page: str) -> None:
    assert without_quotes(to_plain_text(page)) == "Fine."


def test_html_keeps_lines_and_decodes() -> None:
    assert (
        to_plain_text("<p>Don&#8217;t &amp; won&rsquo;t</p><p>two<br>three</p>")
        == "Don’t & won’t\n\ntwo\nthree"
    )


@pytest.mark.parametrize("text", ["1 < 2 and 3 > 2", "Dana <a@b.test> said so\nyes", "<3"])
def test_text_with_angle_brackets_is_not_html(text: str) -> None:
    assert to_plain_text(text) == text


@pytest.mark.parametrize("line", ["Ben wrote this:", "Maria Lopez wrote to us:"])
def test_a_line_that_says_wrote_without_an_address_or_a_date_stays(line: str) -> None:
    text = f"Yes.\n{line}\nWe take two."
    assert without_quotes(text) == text


def test_a_sign_off_has_two_names_at_most() -> None:
    assert without_signature("Tuesday suits me.\nBest, Dana Reyes") == "Tuesday suits me."
    kept = "Tuesday suits me.\nThanks, see you next week then"
    assert without_signature(kept) == kept
