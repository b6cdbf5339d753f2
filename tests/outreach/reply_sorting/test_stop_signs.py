"""A request to stop by what it is made of; and what is made of the same words and is none."""

import pytest

from outreach.reply_sorting import stop_signs
from outreach.reply_sorting.classify import sort_reply
from outreach.reply_sorting.phrases import WORD_LISTS, PhraseSearch
from outreach.reply_sorting.stop_signs import find_stop_signs, simplify_spelling
from tests.pace import is_done_within

SUBJECT = "Re: A question"


def signs(text: str, table: str = stop_signs.COMBINED) -> list[str]:
    return find_stop_signs(PhraseSearch(text), table)


@pytest.mark.parametrize(
    "text",
    [
        "write to me again you will not", "Would you spare us further notes",
        "mich soll bitte keiner mehr anschreiben, nicht mehr", "meine Daten loeschen bitte",
        "MEINE ADRESSE NICHT MEHR ANSCHREIBEN", "je ne veux plus recevoir cela, jamais",
        "que no me escriban mas", "non scriveteci mai", "nao me escrevam", "poupem-me os mails",
        "schrijf mij niet meer", "do mnie nie pisac", "skriv inte till mig", "skriv ikke til mig",
        "ikke skriv til oss", "alkaa kirjoittako minulle", "别再写信给我", "私に書かないで",
    ],
)  # fmt: skip
def test_signs_of_one_language_are_a_request_in_any_order(text: str) -> None:
    assert signs(text)


@pytest.mark.parametrize(
    "text",
    [
        "Our customers do not want mail from us any more",
        "Bitte keine Mails an unsere Kunden mehr",
        "Do not write to me before Monday",
        "不要再发资料给我",
        "Who deletes our data?",
        "Does it delete addresses?",
        "Can you remove my customers from your list?",
        "we write more than ever",
        "",
        "...",
    ],
)
def test_work_dates_and_questions_about_others_are_none(text: str) -> None:
    assert signs(text) == []


def test_a_question_about_whoever_asks_is_a_request() -> None:
    assert signs("Can you remove my address?") == ["Can you remove my address?"]


def test_the_part_that_asks_is_given_as_it_was_written() -> None:
    text = "Danke, aber BITTE löschen Sie meine Adresse; wir kaufen nichts."
    assert signs(text) == ["aber BITTE löschen Sie meine Adresse"]


def test_some_signs_reach_across_commas() -> None:
    text = "Ho già risposto di no, perché insistete?"
    assert signs(text) == [text]


def test_signs_of_two_languages_do_not_combine() -> None:
    assert signs("nicht recevoir") == []


def test_an_english_text_is_read_as_english_only() -> None:
    danish = "Stopper sending."
    assert signs(danish) == ["Stopper sending"]
    assert signs(f"{danish} We have this for you and it is what we are used to.") == []


@pytest.mark.parametrize(
    "text", ["Slet den", "Papirkurven og blokeret", "Elimínenla", "删掉", "a, stop, b"]
)
def test_nothing_but_the_request_is_enough(text: str) -> None:
    assert len(signs(text)) == 1


@pytest.mark.parametrize("text", ["Slet den fil som blev lavet", "删掉昨天那个错误的文件夹吧"])
def test_more_than_the_request_is_not_enough(text: str) -> None:
    assert signs(text) == []


def test_one_sign_is_enough_only_by_the_weak_table() -> None:
    assert signs("It bothers a lot") == []
    assert signs("It bothers a lot", stop_signs.WEAK) == ["It bothers a lot"]


def test_long_parts_are_read_in_pieces_and_words_are_cut() -> None:
    away = "word " * (stop_signs.MAX_PART_WORDS - 1)
    assert signs(f"{away} never {away} wrote me") == []
    assert signs("x" * stop_signs.MAX_WORD_LENGTH + "remove me") == []


@pytest.mark.parametrize("table", [*stop_signs.TABLES])
def test_every_sign_of_a_combination_has_words(table: str) -> None:
    lines = WORD_LISTS["signs"][table]["any"].split("\n")
    named = {sign.removeprefix("-") for line in lines for sign in line.split()}
    assert named and named <= WORD_LISTS["signs"].keys() - {*stop_signs.TABLES}


def test_the_signs_that_matter_have_words_in_fourteen_languages() -> None:
    for sign in ("no", "write", "cease", "remove", "mine", "list", "more", "yours", "business"):
        assert len(WORD_LISTS["signs"][sign]) == 14, sign


def test_spelling_is_simplified() -> None:
    assert simplify_spelling("Lœschen LOESCHEN löschen") == "lœschen loschen loschen"
    assert simplify_spelling("Stoppp Adresse grüßen grooß læse") == "stop adrese grusen gros lase"


@pytest.mark.parametrize(
    "body",
    [
        "Mein Vater ist verstorben, bitte nichts mehr an diese Adresse senden.",
        "Mon mari est décédé, merci de ne plus rien envoyer.",
    ],
)
def test_who_speaks_of_a_dead_relative_is_no_program(body: str) -> None:
    found = sort_reply(SUBJECT, body)
    assert (found.kind, found.is_sure) == ("stop", False)


def test_a_note_of_a_colleague_who_is_gone_stays_a_note() -> None:
    body = "M. Petit ne fait plus partie de nos effectifs. Merci d'écrire à info@petit.example."
    assert sort_reply(SUBJECT, body).kind == "out_of_office"


def test_signs_make_a_yes_unsure_and_a_yes_inside_them_none() -> None:
    found = sort_reply(SUBJECT, "Sounds good, call me. Our old list: remove my address.")
    assert (found.kind, found.is_sure) != ("positive", True)
    assert sort_reply(SUBJECT, "Please do not add me to lists like this.").kind == "stop"


def test_signs_alone_are_never_sure() -> None:
    found = sort_reply(SUBJECT, "Vi modtager ikke salgsmails på denne adresse.")
    assert (found.kind, found.is_sure) == ("stop", False)


@pytest.mark.parametrize(
    "body",
    [
        "Lyder godt.\n\nHilsen\nBo\n\nVil du ikke have vores nyhedsbrev? Afmeld her",
        "Ok per la chiamata.\n\nGiulia\n\nPer cancellarti dalla newsletter clicca qui",
        "Please stop me if this is too soon, but could we do a call tomorrow at 3?",
        "Don't call this week, I'm at a trade fair. Next Monday is better.",
        "Saw your last message. What does it cost?",
        "I know people who want this. Who else uses it?",
        "Kann man Kunden, die keine Mails mehr wollen, automatisch bei uns austragen?",
    ],
)
def test_footers_dates_and_questions_about_customers_are_no_stop(body: str) -> None:
    assert sort_reply(SUBJECT, body).kind != "stop"


@pytest.mark.parametrize(
    "unit",
    [
        "m'e-c'r-", "a-", "no-t'to-", "do not write to me again ", "stop, ", "aeoeueaa", ". ",
        "请不要再给我发邮件", "om ikke ikke vores afmeld ", "usually delete ", "a'", "-'",
        "if not our ", "thank you for your ",
    ],
)  # fmt: skip
def test_junk_of_100_kb_is_sorted_in_seconds(unit: str) -> None:
    sort_reply(SUBJECT, "compile the phrases first")
    assert is_done_within(5, lambda: sort_reply(SUBJECT, unit * (100_000 // len(unit))))


def test_a_combination_is_none_where_an_unwanted_sign_is_there() -> None:
    assert signs("Arrêtez tout ceci maintenant, bonne route", stop_signs.WEAK)
    assert signs("On a arrêté tout ceci, bonne route", stop_signs.WEAK) == []
    assert signs("We block it", stop_signs.WEAK) == []
    assert signs("Blocked.", stop_signs.WEAK)
    assert signs("Our firewall policy has it blocked", stop_signs.WEAK) == []


@pytest.mark.parametrize(
    "body",
    [
        "Where did you get my address? Then please remove it.",
        "Hvor har I min mail fra? Den skal væk.",
        "Skąd macie mój adres? Wykasujcie go.",
        "Herr Brandt ist verstorben. Streichen Sie ihn bitte.",
    ],
)  # fmt: skip
def test_signs_of_a_short_text_combine_across_sentences(body: str) -> None:
    assert sort_reply(SUBJECT, body).kind == "stop"
    long = body + " Wir verkaufen Schrauben." * 20
    assert signs(long) != [long.strip()]


@pytest.mark.parametrize(
    "body",
    [
        "Wie oft muss ich noch nein sagen?", "Quante volte devo dirvi di no?", "Loop naar de pomp",
        "Idźcie do diabła", "Dlaczego jestem na waszej liście?", "Miksi olen listallanne?",
        "¿Quién le dio permiso para escribirme?", "谁把我的信息卖给你们的?",
        "Jeg vil af jeres liste.",
        "Pónganme en su lista negra.", "Eviten escribirnos.", "Sparen Sie sich die Erinnerungen.",
        "Ich möchte nicht, dass Sie mir schreiben.", "Hvordan slår man det her fra?",
    ],
)  # fmt: skip
def test_families_of_indirect_requests_are_heard(body: str) -> None:
    assert sort_reply(SUBJECT, body).kind == "stop"


@pytest.mark.parametrize(
    "body",
    [
        "Ikke send noe før påske, etterpå gjerne.",
        "Plus rien avant Pâques, ensuite on se parle.",
        "年内は何も送らないでください。年明けなら話せます。",
        "Bitte den Termin am Montag löschen, Mittwoch passt.",
        "Werden unsere Daten nach Vertragsende gelöscht?",
        "Wie schnell werden Abmeldungen entfernt?",
        "Vi vill inte tappa kontakten, ring i vår.",
        "Il mio capo mi ha detto di smettere di comprare.",
        "Våra kunder ber oss sluta mejla dem två gånger. Kan ni lösa det?",
        "Ne me l'envoyez pas à moi mais à Anna aux achats.", "我们刚退订了你们的竞争对手,很好奇。",
        "Nuestros abogados nunca lo aprobarían.",
        "Ich habe vergessen zu antworten. Schicken Sie Termine.",
        "Dimentichi la mia obiezione di ieri, ci stiamo.",
        "Onze klanten vragen ons niet twee keer te mailen.",
    ],
)  # fmt: skip
def test_families_of_innocent_talk_are_not(body: str) -> None:
    assert sort_reply(SUBJECT, body).kind != "stop"


def test_a_compound_of_three_parts_is_a_name_and_is_not_taken_apart() -> None:
    assert signs("Do-not-write") == []
    assert signs("escreva-me nao")


def test_weak_signs_of_another_language_than_the_texts_are_chance() -> None:
    assert signs("Vi har stoppat det, och det är inte bra för oss", stop_signs.WEAK) == []


def test_a_no_beside_a_weak_sign_is_not_sure() -> None:
    assert sort_reply(SUBJECT, "We are not interested in this.").is_sure
    assert not sort_reply(SUBJECT, "We are not interested in this, spare it.").is_sure


def test_a_yes_that_is_another_word_of_the_language_is_none() -> None:
    assert sort_reply(SUBJECT, "Ja nie wiem, jak to jest.").kind != "positive"
    assert sort_reply(SUBJECT, "Ja, gerne, das passt mir.").kind == "positive"
