"""Stops in idioms and with a slip of the finger, and business talk with the same words."""

import pytest

from outreach.reply_sorting import classify, misspelled


def kind(body: str) -> str:
    return classify.sort_reply("Re: A question", body).kind


@pytest.mark.parametrize(
    "body",
    [
        "I'd be glad if this came to a halt.",
        "Off the books, please.",
        "Burn my address.",
        "You have no business emailing our staff.",
        "This inbox is not for vendors.",
        "Consider this address blocked.",
        "I decline any further contact.",
        "Never again!",
        "Ich lehne weitere Zuschriften ab.",
        "Jetzt reicht es.",
        "Dieses Postfach ist nicht für Werbung da.",
        "Cessez vos relances.",
        "Je ne veux plus être sollicité.",
        "Plus jamais.",
        "Les ruego cesar las comunicaciones.",
        "No quiero saber más de ustedes.",
        "Cessate ogni comunicazione.",
        "Mai più!",
        "Non voglio essere ricontattato.",
        "Cessem as mensagens.",
        "Chega disso.",
        "Ik weiger verdere mails.",
        "Nooit meer.",
        "Odmawiam dalszych wiadomości.",
        "Nigdy więcej.",
        "Upphör med era mejl.",
        "Ge er, vi tar inte emot kalla mejl.",
        "Aldrig igen.",
        "Lad være med at skrive.",
        "Jeg afviser al kontakt.",
        "Aldri igjen.",
        "Vi ønsker ikke å kontaktes.",
        "Emme ota vastaan markkinointiviestejä.",
        "Pysykää erossa meistä.",
        "不欢迎推销。",
        "営業メールは希望しません。",
    ],
)
def test_an_idiom_for_stop_is_a_stop(body: str) -> None:
    assert kind(body) == "stop"


@pytest.mark.parametrize(
    "body",
    [
        "unsubscribbe",
        "please unsubscirbe",
        "Abmelen bitte",
        "desabonez-moi",
        "disiscrivitemi",
        "uitschrijvn graag",
        "avprenumrera",
        "poistaka",
    ],
)
def test_a_stop_word_with_one_slip_is_a_stop(body: str) -> None:
    assert kind(body) == "stop"


@pytest.mark.parametrize(
    "body",
    [
        "We have had enough of paper forms, show me yours.",
        "I decline the invite for Monday, Tuesday works.",
        "The address in the contract is not ours.",
        "Wir kündigen den Vertrag mit dem alten Anbieter und suchen einen neuen.",
        "Nous refusons souvent les devis sans prix. Envoyez le vôtre.",
        "Non vediamo l'ora di sentire di più da voi, volentieri.",
        "Vi vill sluta med Excel. Ring mig i morgon.",
        "Haluamme eroon lomakkeista, soittakaa.",
        "I'd gladly hear more from you.",
    ],
)
def test_business_talk_with_the_same_words_is_no_stop(body: str) -> None:
    assert kind(body) != "stop"


@pytest.mark.parametrize(
    "text",
    [
        "subscribe",
        "cancelled",
        "How do I unsubscribbe?",
        "we unsubscribbed from the old tool last year and want yours",
        "anmelden bitte",
        "",
    ],
)
def test_other_words_are_no_slip(text: str) -> None:
    assert misspelled.misspelled_stop(text) == ""


@pytest.mark.parametrize(
    ("word", "is_near"),
    [
        ("abmelden", True),
        ("abmeden", True),
        ("abmeldden", True),
        ("abmeldne", True),
        ("abmelten", True),
        ("abmledne", False),
        ("abheben", False),
    ],
)
def test_one_slip_is_a_letter_less_more_other_or_swapped(word: str, is_near: bool) -> None:
    assert misspelled.is_one_slip(word, "abmelden") is is_near
