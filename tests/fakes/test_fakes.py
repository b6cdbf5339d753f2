"""The fakes refuse what the vendors refuse, keep their ledgers, and misbehave on demand."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import parse_qs

import pytest
import requests
import time_machine

from . import rb2b
from . import slack as slack_module
from .clay import VARIANTS, FakeClay, callback_body
from .ghl import FakeGhl
from .remote import RemoteFake, running
from .slack import FakeSlack

HEADERS = {"Authorization": "Bearer pit-test", "Version": "2021-07-28"}
OTHER_VERSION = {**HEADERS, "Version": "2021-04-15"}  # of conversations and calendars
SEND = "POST /conversations/messages"


@pytest.fixture
def ghl():
    with FakeGhl() as fake:
        yield fake


@pytest.fixture
def clay():
    with FakeClay() as fake:
        yield fake


@pytest.fixture
def slack():
    with FakeSlack() as fake:
        yield fake


@pytest.fixture
def receiver():
    """An endpoint which keeps what it is sent."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.headers, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    server.received = received
    server.url = f"http://127.0.0.1:{server.server_port}/callback"
    yield server
    server.shutdown()
    server.server_close()


def call(fake, method, path, body=None, headers=None, **more):
    if headers is None:
        headers = OTHER_VERSION if path.startswith(("/conversations", "/calendars")) else HEADERS
    return requests.request(
        method, fake.url + path, json=body, headers=headers, **{"timeout": 5, **more}
    )


def send(fake, contact, **more):
    body = {
        "type": "Email",
        "contactId": contact["id"],
        "subject": "Hi",
        "html": "<p>Hi</p>",
        **more,
    }
    return call(fake, "POST", "/conversations/messages", body)


def upsert(fake, **body):
    return call(fake, "POST", "/contacts/upsert", {"locationId": "loc-test", **body})


# GHL: refusals


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({"Version": "2021-07-28"}, 401, "Invalid token: access token is invalid"),
        (
            {"Authorization": "Bearer other", "Version": "v3"},
            401,
            "Invalid token: access token is invalid",
        ),
        ({"Authorization": "Bearer pit-test"}, 401, "version header was not found."),
        (
            {"Authorization": "Bearer pit-test", "Version": "2020-01-01"},
            400,
            "Invalid API version segment 2020-01-01",
        ),
    ],
)
def test_ghl_refuses_bad_headers(ghl, headers, status, message):
    answer = call(ghl, "GET", "/contacts/x", headers=headers)
    assert (answer.status_code, answer.json()["message"]) == (status, message)


def test_ghl_names_unknown_fields_in_a_list(ghl):
    answer = upsert(ghl, email="a@b.test", company="x", fieldX=1)
    assert answer.status_code == 422
    assert answer.json()["message"] == [
        "property company should not exist",
        "property fieldX should not exist",
    ]
    assert upsert(ghl, email="not an address").json()["message"] == ["email must be an email"]
    assert (
        call(
            ghl, "PUT", "/contacts/" + ghl.add_contact()["id"], {"locationId": "loc-test"}
        ).status_code
        == 422
    )


@pytest.mark.parametrize(
    ("path", "version", "status"),
    [
        ("/contacts/search/duplicate", "2021-07-28", 200),
        ("/contacts/search/duplicate", "2021-04-15", 400),
        ("/conversations/search", "2021-04-15", 200),
        ("/conversations/search", "2021-07-28", 400),
        ("/opportunities/search", "2021-04-15", 400),
        ("/opportunities/search", "v3", 200),
        ("/calendars/events", "2021-07-28", 400),
    ],
)
def test_ghl_takes_the_versions_of_each_resource(ghl, path, version, status):
    headers = {**HEADERS, "Version": version}
    assert call(ghl, "GET", path + "?locationId=loc-test", headers=headers).status_code == status


UPSERT, TAGS, WORKFLOW, CONTACT = "upsert", "{id}/tags", "{id}/workflow/wfl_1", "{id}"


def email_dnd(**fields):
    return {"dndSettings": {"Email": fields}}


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        (UPSERT, [], "the body must be an object"),
        (UPSERT, {"country": None}, "country must be a string"),
        (UPSERT, {"tags": ["a", 1]}, "each value in tags must be a string"),
        (UPSERT, {"customFields": [{"key": "icp"}]}, "customFields.id should not be empty"),
        (TAGS, {"tags": "rb2b-visitor"}, "tags must be an array"),
        (TAGS, {}, "tags should not be empty"),
        (WORKFLOW, {"when": "now"}, "property when should not exist"),
        (
            CONTACT,
            {"dndSettings": {"Mail": {"status": "active"}}},
            "dndSettings.property Mail should not exist",
        ),
        (CONTACT, email_dnd(status="on"), "dndSettings.Email.status must be a valid enum value"),
        (
            CONTACT,
            email_dnd(status="active", by="x"),
            "dndSettings.Email.property by should not exist",
        ),
        (CONTACT, email_dnd(status="active", code=103), "dndSettings.Email.code must be a string"),
    ],
)
def test_ghl_refuses_contacts_against_its_specification(ghl, path, body, said):
    ghl.add_workflow(id="wfl_1")
    known = ghl.add_contact("dana@northline.test")
    place = {"locationId": "loc-test"} if path == UPSERT and isinstance(body, dict) else {}
    method = "PUT" if path == CONTACT else "POST"
    answer = call(
        ghl,
        method,
        "/contacts/" + path.replace("{id}", known["id"]),
        {**place, **body} if body else body,
    )
    assert (answer.status_code, answer.json()["message"]) == (422, [said])
    assert ghl.contact(known) == known


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"type": "Mail"}, "type must be one of the following values: "),
        ({"status": "sent"}, "status must be one of the following values: "),
        ({"emailReplyMode": "all"}, "emailReplyMode must be one of the following values: "),
        ({"subject": None}, "subject must be a string"),
        ({"html": ["<p>"]}, "html must be a string"),
        ({"emailTo": "Dana <dana@northline.test>"}, "emailTo must be an email"),
        ({"emailCc": ["dana"]}, "each value in emailCc must be an email"),
        ({"headers": {}}, "property headers should not exist"),
        ({"contactId": ""}, "contactId should not be empty"),
    ],
)
def test_ghl_refuses_messages_against_its_specification(ghl, fields, said):
    answer = send(ghl, ghl.add_contact("dana@northline.test"), **fields)
    assert answer.status_code == 422
    assert [one for one in answer.json()["message"] if one.startswith(said)]
    assert ghl.sent_emails() == []


def test_ghl_takes_a_null_where_its_specification_does(ghl):
    assert upsert(ghl, email="dana@northline.test", firstName=None, website=None).status_code == 200


def test_ghl_refuses_another_location(ghl):
    answer = call(ghl, "POST", "/contacts/upsert", {"locationId": "loc-other"})
    assert (answer.status_code, answer.json()["message"]) == (
        403,
        "The token does not have access to this location.",
    )
    assert call(ghl, "GET", "/conversations/search?locationId=loc-other").status_code == 403


def test_ghl_limits_the_rate():
    with FakeGhl(rate_limit=3) as ghl:
        answers = [call(ghl, "GET", "/workflows/?locationId=loc-test") for _ in range(4)]
        assert [a.status_code for a in answers] == [200, 200, 200, 429]
        assert [a.headers["X-RateLimit-Remaining"] for a in answers] == ["2", "1", "0", "0"]
        ghl.configure(rate_limit=None)
        assert call(ghl, "GET", "/workflows?locationId=loc-test").status_code == 200


# GHL: contacts


def test_ghl_upserts_and_replaces_tags(ghl):
    first = upsert(ghl, email="Dana@Northline.test", firstName="Dana", tags=["A"]).json()
    assert (first["new"], first["contact"]["firstName"], first["contact"]["tags"]) == (
        True,
        "dana",
        ["a"],
    )
    second = upsert(ghl, email="dana@northline.test", tags=["b"]).json()
    assert (second["new"], second["contact"]["id"]) == (False, first["contact"]["id"])
    assert second["contact"]["tags"] == ["b"]


def test_ghl_phone_first_match_returns_another_email():
    with FakeGhl(match_order=("phone", "email")) as ghl:
        other = ghl.add_contact(email="other@northline.test", phone="+1 614 555 0142")
        answer = upsert(ghl, email="dana@northline.test", phone="+16145550142").json()
        assert answer["contact"]["id"] == other["id"]
        assert answer["contact"]["emailLowerCase"] == "other@northline.test"


def test_ghl_finds_duplicates_only_when_encoded(ghl):
    contact = ghl.add_contact(email="dana+x@northline.test")
    path = ghl.url + "/contacts/search/duplicate"
    found = requests.get(
        path, params={"locationId": "loc-test", "email": contact["email"]}, headers=HEADERS
    )
    assert found.json()["contact"]["id"] == contact["id"]
    unencoded = requests.get(
        path + "?locationId=loc-test&email=dana+x@northline.test", headers=HEADERS
    )
    assert unencoded.json()["contact"] is None


def test_ghl_tags_are_lower_cased_and_additive(ghl):
    contact = ghl.add_contact(email="a@b.test", tags=["old"])
    path = f"/contacts/{contact['id']}/tags"
    added = call(ghl, "POST", path, {"tags": ["RB2B-Visitor"]})
    assert (added.status_code, added.json()["tags"]) == (201, ["old", "rb2b-visitor"])
    removed = call(ghl, "DELETE", path, {"tags": ["OLD"]})
    assert (removed.status_code, removed.json()["tags"]) == (200, ["rb2b-visitor"])


def test_ghl_search_pages_with_search_after(ghl):
    for n in range(5):
        ghl.add_contact(email=f"p{n}@b.test", tags=["x"])
    filters = [{"field": "tags", "operator": "contains", "value": ["X"]}]
    body, seen = {"locationId": "loc-test", "pageLimit": 2, "filters": filters}, []
    while rows := call(ghl, "POST", "/contacts/search", body).json()["contacts"]:
        seen += [row["email"] for row in rows]
        body["searchAfter"] = rows[-1]["searchAfter"]
    assert sorted(seen) == [f"p{n}@b.test" for n in range(5)]
    assert (
        call(
            ghl, "POST", "/contacts/search", {"locationId": "loc-test", "pageLimit": 101}
        ).status_code
        == 422
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"pageLimit": None}, "pageLimit should not be empty"),
        ({"pageLimit": 0}, "pageLimit must be positive"),
        ({"page": 2, "searchAfter": [1, "x"]}, "page should not exist beside searchAfter"),
        ({"page": 102}, "page must be within the first 10000 contacts; use searchAfter"),
        (
            {"sort": [{"field": "firstName", "direction": "asc"}]},
            "sort.field must be one of the following values: ",
        ),
        (
            {"sort": [{"field": "email"}]},
            "sort.direction must be one of the following values: asc, desc",
        ),
        (
            {"searchAfter": ["a", "x"]},
            "searchAfter must be the value of a contact found in the same order",
        ),
        ({"query": "x" * 76}, "query must be shorter than or equal to 75 characters"),
        ({"limit": 20}, "property limit should not exist"),
    ],
)
def test_ghl_search_refuses_what_the_vendor_does_not_know(ghl, body, said):
    answer = call(
        ghl, "POST", "/contacts/search", {"locationId": "loc-test", "pageLimit": 100, **body}
    )
    assert answer.status_code == 422
    assert any(problem.startswith(said) for problem in answer.json()["message"])


def test_ghl_unknown_contact_and_workflow(ghl):
    answer = call(ghl, "GET", "/contacts/lookup")
    assert (answer.status_code, answer.json()["message"]) == (
        400,
        "Contact with id lookup not found",
    )
    contact, workflow = ghl.add_contact(email="a@b.test"), ghl.add_workflow()
    path = f"/contacts/{contact['id']}/workflow/"
    assert call(ghl, "POST", path + workflow["id"]).json()["succeded"] is True
    assert call(ghl, "POST", path + "none").status_code == 400
    assert ghl.workflow_contacts(workflow["id"]) == [contact["id"]]


# GHL: messages


def test_ghl_accepts_an_email_and_shows_it(ghl):
    contact = ghl.add_contact(email="dana@northline.test", firstName="Dana")
    answer = send(ghl, contact, emailFrom="alex@mail.oursite.test")
    ids = answer.json()
    assert answer.status_code == 201 and set(ids) == {
        "conversationId",
        "messageId",
        "emailMessageId",
        "msg",
    }
    assert [(e["to"], e["from"]) for e in ghl.sent_emails()] == [
        ("dana@northline.test", "alex@mail.oursite.test")
    ]

    found = call(
        ghl, "GET", f"/conversations/search?locationId=loc-test&contactId={contact['id']}"
    ).json()
    assert found["conversations"][0]["id"] == ids["conversationId"]
    nested = call(ghl, "GET", f"/conversations/{ids['conversationId']}/messages").json()["messages"]
    (row,) = nested["messages"]
    assert row["id"] == ids["messageId"] and "body" not in row and not nested["nextPage"]
    assert row["meta"]["email"]["messageIds"] == [ids["emailMessageId"]]
    assert row["dateAdded"].endswith("Z")
    email = call(ghl, "GET", f"/conversations/messages/email/{ids['emailMessageId']}").json()
    assert (email["status"], email["body"]) == ("sent", "<p>Hi</p>")
    exported = call(
        ghl, "GET", "/conversations/messages/export?locationId=loc-test&channel=Email"
    ).json()
    assert [m["id"] for m in exported["messages"]] == [ids["messageId"]]


def test_ghl_exports_pages_by_channel_and_cursor(ghl):
    contact = ghl.add_contact(email="a@b.test")
    mails = [ghl.receive_reply(contact)["messageId"] for _ in range(12)]
    sms = ghl.receive_message(contact, "Call me")
    path = "/conversations/messages/export?locationId=loc-test&sortOrder=asc"
    first = call(ghl, "GET", path + "&channel=Email&limit=10").json()
    assert (len(first["messages"]), first["total"]) == (10, 12)
    rest = call(ghl, "GET", path + f"&channel=Email&limit=10&cursor={first['nextCursor']}").json()
    assert [m["id"] for m in first["messages"] + rest["messages"]] == mails and rest[
        "nextCursor"
    ] is None
    (other,) = call(ghl, "GET", path).json()["messages"]
    assert (other["id"], other["messageType"], other["body"]) == (
        sms["messageId"],
        "TYPE_SMS",
        "Call me",
    )
    for wrong in (
        "&limit=9",
        "&limit=501",
        "&channel=Fax",
        "&sortBy=date",
        "&startDate=yesterday",
        "&since=1",
    ):
        assert call(ghl, "GET", path + wrong).status_code == 422
    assert call(ghl, "GET", path + "&cursor=oops").status_code == 400


def test_ghl_refuses_a_display_name_in_email_from(ghl):
    answer = send(ghl, ghl.add_contact(email="a@b.test"), emailFrom="Alex <alex@mail.oursite.test>")
    assert (answer.status_code, answer.json()["message"]) == (422, ["emailFrom must be an email"])
    assert ghl.sent_emails() == []


def test_ghl_refuses_suppressed_recipients(ghl):
    dnd, all_dnd = ghl.add_contact(email="dnd@b.test"), ghl.add_contact(email="all@b.test")
    gone, bad = ghl.add_contact(email="gone@b.test"), ghl.add_contact(email=None)
    update = ghl.set_dnd(dnd, "Email", "permanent")
    assert update["type"] == "ContactDndUpdate" and update["dnd"] is False
    ghl.set_dnd(all_dnd, "all")
    ghl.unsubscribe("Gone@b.test")
    messages = [send(ghl, contact).json()["message"] for contact in (dnd, all_dnd, gone, bad)]
    assert messages == [
        "Cannot send message as DND is active for Email.",
        "Cannot send message as DND is active for Email.",
        "Cannot send email as gone@b.test has unsubscribed",
        "Unable to send e-mail, contact's e-mail is invalid",
    ]
    ghl.set_dnd(dnd, "Email", "inactive")
    assert send(ghl, dnd).status_code == 201


def test_ghl_messages_may_appear_late(ghl):
    contact = ghl.add_contact(email="a@b.test")
    ghl.lose_from_conversation(0.3, times=1)
    ids = send(ghl, contact).json()
    path = f"/conversations/search?locationId=loc-test&contactId={contact['id']}"
    assert call(ghl, "GET", path).json()["total"] == 0
    assert (
        call(ghl, "GET", f"/conversations/messages/email/{ids['emailMessageId']}").status_code
        == 400
    )
    ghl.wait_for(lambda: call(ghl, "GET", path).json()["total"] == 1)
    assert len(ghl.sent_emails()) == 1


def test_ghl_conversation_with_reply_and_foreign_mail(ghl):
    contact = ghl.add_contact(email="dana@northline.test", firstName="Dana", lastName="Okafor")
    ids = send(ghl, contact).json()
    reply = ghl.receive_reply(contact, body="<div>Stop</div>")
    assert (reply["type"], reply["subject"], reply["threadId"]) == (
        "InboundMessage",
        "Re: Hi",
        ids["messageId"],
    )
    assert reply["from"] == "Dana Okafor <dana@northline.test>"
    other = ghl.add_outbound(contact["id"], "By hand")
    assert other["source"] == "app" and len(ghl.sent_emails()) == 1
    path = f"/conversations/{ids['conversationId']}/messages"
    page = call(ghl, "GET", path + "?limit=2").json()["messages"]
    assert [m["direction"] for m in page["messages"]] == ["outbound", "inbound"] and page[
        "nextPage"
    ]
    rest = call(ghl, "GET", f"{path}?lastMessageId={page['lastMessageId']}").json()["messages"]
    assert [m["id"] for m in rest["messages"]] == [ids["messageId"]]


def test_ghl_email_events_change_the_status(ghl):
    ids = send(ghl, ghl.add_contact(email="a@b.test")).json()
    stats = ghl.email_event("failed", severity="permanent")
    assert stats["webhookPayload"]["lc-operations"]["email_message_id"] == ids["emailMessageId"]
    assert stats["webhookPayload"]["delivery-status"]["code"] == 550
    path = f"/conversations/messages/email/{ids['emailMessageId']}"
    assert call(ghl, "GET", path).json()["status"] == "failed"


# GHL: opportunities, calendars


def test_ghl_opportunity_search_names_and_pages(ghl):
    contact = ghl.add_contact(email="a@b.test")
    for _ in range(3):
        ghl.add_opportunity(contact)
    wrong = call(ghl, "GET", "/opportunities/search?location_id=loc-test")
    assert (
        wrong.status_code == 422
        and "property location_id should not exist" in wrong.json()["message"]
    )
    first = call(ghl, "GET", "/opportunities/search?locationId=loc-test&limit=2").json()
    assert (len(first["opportunities"]), first["meta"]["total"], first["meta"]["nextPage"]) == (
        2,
        3,
        2,
    )
    assert first["opportunities"][0]["contact"]["email"] == "a@b.test"
    meta = first["meta"]
    path = "/opportunities/search?locationId=loc-test&limit=2"
    after = call(
        ghl, "GET", f"{path}&startAfter={meta['startAfter']}&startAfterId={meta['startAfterId']}"
    ).json()
    by_page = call(ghl, "GET", path + "&page=2").json()
    assert [o["id"] for o in after["opportunities"]] == [o["id"] for o in by_page["opportunities"]]
    assert by_page["meta"]["nextPage"] is None
    ghl.configure(opportunity_params="snake")
    assert call(ghl, "GET", "/opportunities/search?location_id=loc-test").status_code == 200


def test_ghl_calendar_events(ghl):
    contact = ghl.add_contact(email="a@b.test")
    event = ghl.add_appointment(contact, startTime="2026-11-09T10:00:00-05:00")
    query = "locationId=loc-test&startTime=1762600000000&endTime=1794300000000"
    assert call(ghl, "GET", f"/calendars/events?{query}").status_code == 400
    events = call(ghl, "GET", f"/calendars/events?{query}&calendarId=cal_1").json()["events"]
    assert [e["id"] for e in events] == [event["id"]]
    assert (
        call(ghl, "GET", f"/contacts/{contact['id']}/appointments").json()["events"][0]["id"]
        == event["id"]
    )


def test_ghl_changes_and_deletes_tell_their_webhook(ghl):
    contact = ghl.add_contact(email="a@b.test")
    event, deal = ghl.add_appointment(contact), ghl.add_opportunity(contact)
    told = ghl.change_appointment(event, appointmentStatus="showed")
    assert (told["type"], told["appointment"]["appointmentStatus"]) == (
        "AppointmentUpdate",
        "showed",
    )
    assert ghl.change_opportunity(deal, "OpportunityStatusUpdate", status="won")["status"] == "won"
    assert ghl.delete_appointment(event)["appointment"]["id"] == event["id"]
    assert ghl.delete_opportunity(deal)["type"] == "OpportunityDelete"
    state = ghl.state()
    assert (state["appointments"], state["opportunities"]) == ([], [])


# GHL: webhooks


def test_ghl_signs_webhooks(ghl, receiver):
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    contact = ghl.add_contact(email="a@b.test")
    payloads = [
        ghl.inbound_message(),
        ghl.outbound_message(source="workflow"),
        ghl.email_stats("complained"),
        ghl.contact_dnd_update(contact),
        ghl.appointment_create(ghl.add_appointment(contact)),
        ghl.opportunity_update(
            ghl.add_opportunity(contact), kind="OpportunityStatusUpdate", status="won"
        ),
    ]
    for payload in payloads:
        assert ghl.deliver(receiver.url, payload)["status"] == 200
    key = load_der_public_key(base64.b64decode(ghl.public_key_b64))
    for headers, body in receiver.received:
        key.verify(base64.b64decode(headers["X-GHL-Signature"]), body)
        with pytest.raises(InvalidSignature):
            key.verify(base64.b64decode(headers["X-GHL-Signature"]), body + b" ")
    assert len({p["webhookId"] for p in payloads}) == 6
    with pytest.raises(AssertionError):
        ghl.deliver("http://example.com/hook", {})


# Behaviours


def test_close_before_does_not_act(ghl):
    contact = ghl.add_contact(email="a@b.test")
    ghl.on(SEND).close_before(times=1)
    with pytest.raises(requests.ConnectionError):
        send(ghl, contact)
    assert ghl.sent_emails() == [] and len(ghl.requests(SEND)) == 1
    assert send(ghl, contact).status_code == 201


def test_act_then_close_acts_and_resets(ghl):
    contact = ghl.add_contact(email="a@b.test")
    ghl.on(SEND).act_then_close(times=1)
    with pytest.raises(requests.ConnectionError, match=r"reset|104"):
        send(ghl, contact)
    assert len(ghl.sent_emails()) == 1
    (request,) = ghl.requests(SEND)
    assert (request.behaviour, request.json["subject"]) == ("act_then_close", "Hi")
    ghl.wait_for(lambda: request.outcome == "reset")


def test_act_then_status_and_delays(ghl):
    contact = ghl.add_contact(email="a@b.test")
    ghl.on(SEND).act_then_status(502, times=1).act_then_delay(0.5, times=1).delay(0.5, times=1)
    assert send(ghl, contact).status_code == 502
    assert len(ghl.sent_emails()) == 1
    for acted in (2, 2):
        with pytest.raises(requests.Timeout):
            body = {"type": "Email", "contactId": contact["id"], "html": "x"}
            call(ghl, "POST", "/conversations/messages", body, timeout=0.2)
        assert len(ghl.sent_emails()) == acted
    ghl.wait_for(lambda: len(ghl.sent_emails()) == 3)


def test_queued_behaviours_come_before_permanent_ones(ghl):
    contact = ghl.add_contact(email="a@b.test")
    ghl.on("GET /contacts/{id}").status(503, {"message": "down"}).normal(times=1).garbage(times=1)
    path = "/contacts/" + contact["id"]
    answers = [call(ghl, "GET", path) for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 503, 503]
    with pytest.raises(ValueError):
        answers[1].json()
    assert upsert(ghl, email="b@b.test").status_code == 200
    ghl.clear_behaviours()
    assert call(ghl, "GET", path).status_code == 200


def test_behaviour_for_some_bodies_only(ghl):
    one, two = ghl.add_contact(email="one@b.test"), ghl.add_contact(email="two@b.test")
    ghl.on(SEND, containing=one["id"]).status(500)
    assert [send(ghl, one).status_code, send(ghl, two).status_code] == [500, 201]
    ghl.on("* /conv*").status(418)
    assert send(ghl, two).status_code == 418


def test_drip_defeats_a_read_timeout(ghl):
    contact = ghl.add_contact(email="a@b.test")
    ghl.on("GET /contacts/{id}").drip(1500)
    started = time.monotonic()
    assert call(ghl, "GET", "/contacts/" + contact["id"], timeout=0.2).status_code == 200
    assert time.monotonic() - started > 0.25


def test_never_answers_and_stops_cleanly(ghl):
    ghl.on("GET /workflows/").never(times=1)
    with pytest.raises(requests.Timeout):
        call(ghl, "GET", "/workflows/?locationId=loc-test", timeout=0.2)
    assert call(ghl, "GET", "/workflows/?locationId=loc-test").status_code == 200


def test_stop_and_start_keep_port_and_state(ghl):
    contact = ghl.add_contact(email="a@b.test")
    session = requests.Session()
    path = f"{ghl.url}/contacts/{contact['id']}"
    assert session.get(path, headers=HEADERS).status_code == 200
    ghl.stop()
    with pytest.raises(requests.ConnectionError):
        session.get(path, headers=HEADERS)
    ghl.start()
    assert session.get(path, headers=HEADERS).status_code == 200


def test_stopping_drops_delayed_effects(ghl):
    contact = ghl.add_contact(email="a@b.test")
    ghl.on(SEND).delay(30)
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send, ghl, contact)
        ghl.wait_for(lambda: ghl.requests(SEND))
        ghl.stop()
        with pytest.raises(requests.ConnectionError):
            sending.result(5)
    assert ghl.sent_emails() == []


def test_a_bug_in_a_fake_is_loud(ghl, capfd):
    ghl._contacts["broken"] = {}
    answer = send(ghl, {"id": "broken"})
    assert answer.status_code == 500 and answer.text.startswith("the fake failed:")
    assert "KeyError" in capfd.readouterr().err


def test_many_at_once(ghl):
    ghl.configure(rate_limit=None)
    contact = ghl.add_contact(email="a@b.test")
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: send(ghl, contact).json()["messageId"], range(100)))
    assert len(set(answers)) == len(ghl.sent_emails()) == 100
    ghl.reset()
    assert ghl.sent_emails() == [] and ghl.requests() == [] and ghl.rate_limit == 100


# Own process


def test_ghl_in_its_own_process():
    with running("tests.fakes.ghl", "--token", "pit-other", "--rate-limit", "off") as ghl:
        headers = {**OTHER_VERSION, "Authorization": "Bearer pit-other"}
        contact = ghl.add_contact(email="a@b.test")
        ghl.on(SEND).act_then_close(times=1)
        body = {"type": "Email", "contactId": contact["id"], "html": "x"}
        with pytest.raises(requests.ConnectionError):
            call(ghl, "POST", "/conversations/messages", body, headers)
        assert call(ghl, "POST", "/conversations/messages", body, headers).status_code == 201
        assert (
            [e["to"] for e in ghl.sent_emails()]
            == ["a@b.test"] * 2
            == [e["to"] for e in ghl.state()["sent_emails"]]
        )
        assert [r["json"] for r in ghl.requests(SEND)] == [body, body]
        assert len(base64.b64decode(ghl.public_key_b64)) == 44 and ghl.sign("raw")
        ghl.configure(match_order=["phone", "email"])
        with pytest.raises(RuntimeError, match="offers no call"):
            ghl.stop_everything()
        with pytest.raises(RuntimeError, match="unknown action"):
            RemoteFake(ghl.url)._ask("POST", "script", {"route": SEND, "action": "explode"})
        requests.post(ghl.url + "/_fake/reset", json={}, timeout=5)
        assert requests.get(ghl.url + "/_fake/requests", timeout=5).json() == []


@pytest.mark.parametrize("module", ["tests.fakes.clay", "tests.fakes.slack"])
def test_others_in_their_own_process(module):
    with running(module) as fake:
        fake.on("* *").status(503)
        assert requests.post(fake.url + "/x", timeout=5).status_code == 503
        assert fake.state() and len(fake.requests()) == 1


# Clay


def row(**more):
    return {"request_id": "enr_1", "visitor_id": "vis_1", "email": "dana@northline.test", **more}


def test_clay_refuses_bad_rows(clay):
    clay.configure(auth_token="secret", deleted_sources=("gone",))
    url, auth = clay.source_url(), {"x-clay-webhook-auth": "secret"}
    json_type = {**auth, "Content-Type": "application/json"}

    def status(address=url, **how):
        return requests.post(address, timeout=5, **how).status_code

    assert status(json=row()) == 401
    assert status(json=row(), headers=auth, address=clay.source_url("gone")) == 404
    assert status(data=json.dumps(row()), headers=auth) == 422
    assert status(data="{", headers=json_type) == 422
    assert status(json=[row()], headers=auth) == 422
    assert status(json=row(company={"name": "x"}), headers=auth) == 422
    assert status(json=row(note="x" * 102_400), headers=auth) == 413
    assert status(json=row(), headers=auth) == 200
    assert clay.submissions() == [row()]


def test_clay_calls_back(clay, receiver):
    clay.configure(
        callback_url=receiver.url, callback_token="cb", answers=2, data={"employee_count": "N/A"}
    )
    started = time.monotonic()
    requests.post(clay.source_url(), json=row(), timeout=5)
    assert [c["status"] for c in clay.wait_for_callbacks(2)] == [200, 200]
    assert time.monotonic() - started < 1
    headers, body = receiver.received[0]
    answer = json.loads(body)
    assert headers["Authorization"] == "Bearer cb"
    assert (answer["request_id"], answer["visitor_id"], answer["work_email"]) == (
        "enr_1",
        "vis_1",
        "dana@northline.test",
    )
    assert answer["employee_count"] == "N/A" and answer["technologies"] == ["HubSpot", "Snowflake"]


def test_clay_plans_and_late_answers(clay, receiver):
    clay.configure(
        callback_url=receiver.url, answer=lambda given: {"request_id": given["request_id"], "x": 1}
    )
    clay.plan(answers=0)
    clay.plan(variant="wrong_token", answer_after=0.2)
    for number in range(3):
        requests.post(clay.source_url(), json=row(request_id=f"enr_{number}"), timeout=5)
    callbacks = clay.wait_for_callbacks(2)
    assert [c["request_id"] for c in callbacks] == ["enr_2", "enr_1"]
    assert receiver.received[1][0]["Authorization"] == "Bearer wrong-clay-callback-token"
    assert json.loads(receiver.received[0][1]) == {"request_id": "enr_2", "x": 1}


def test_clay_records_failures_and_stays_on_this_machine(clay):
    clay.configure(callback_url="http://127.0.0.1:1/closed")
    requests.post(clay.source_url(), json=row(), timeout=5)
    (record,) = clay.wait_for_callbacks()
    assert record["status"] is None and "refused" in record["error"]
    with pytest.raises(AssertionError):
        clay.configure(callback_url="http://clay.example.com/")


def test_clay_lifetime_limit_drops_rows_silently(clay):
    clay.configure(lifetime_limit=1)
    answers = [
        requests.post(clay.source_url(), json=row(), timeout=5).status_code for _ in range(2)
    ]
    assert answers == [200, 200] and len(clay.submissions()) == 1


def test_clay_answers_in_the_older_shape(clay, receiver):
    clay.configure(callback_url=receiver.url, shape="older")
    requests.post(clay.source_url(), json=row(), timeout=5)
    body = json.loads(clay.wait_for_callbacks()[0]["sent"])
    assert (body["email"], body["company_size"]) == ("dana@northline.test", "201-500 employees")
    assert not {"request_id", "visitor_id", "work_email"} & set(body)


def test_clay_variants():
    bodies = {variant: callback_body(row(), variant=variant) for variant in VARIANTS}
    with pytest.raises(ValueError):
        json.loads(bodies.pop("invalid_json"))
    answers = {variant: json.loads(body) for variant, body in bodies.items()}
    assert answers["junk_empty"]["job_title"] == "" and answers["junk_null"]["industry"] is None
    assert (
        answers["junk_na"]["employee_count"] == "N/A"
        and "Error" in answers["junk_error"]["work_email"]
    )
    assert answers["missing_values"] == {"request_id": "enr_1", "visitor_id": "vis_1"}
    assert answers["unknown_request_id"]["request_id"] != "enr_1"
    assert all(a["request_id"] == "enr_1" for v, a in answers.items() if v != "unknown_request_id")


# Slack

TOKEN = {"Authorization": "Bearer xoxb-test"}
TEXT = {"type": "mrkdwn", "text": "*Lead*"}


def slack_call(fake, method, body=None, headers=TOKEN, **more):
    return requests.post(
        fake.api_url + method, json=body, headers=headers, timeout=5, **more
    ).json()


def test_slack_posts_and_updates(slack):
    blocks = [{"type": "section", "text": TEXT}]
    posted = slack_call(
        slack, "chat.postMessage", {"channel": "C1", "text": "Hi", "blocks": blocks}
    )
    assert posted["ok"] and posted["message"]["text"] == "Hi"
    form = {"channel": "C1", "ts": posted["ts"], "text": "Done", "blocks": json.dumps(blocks)}
    assert slack_call(slack, "chat.update", data=form)["ok"]
    (message,) = slack.posts("C1")
    assert (message["text"], message["updates"], message["blocks"]) == ("Done", 1, blocks)
    assert (
        slack_call(slack, "chat.update", {"channel": "C1", "ts": "1.1", "text": "x"})["error"]
        == "message_not_found"
    )


def test_slack_checks_the_token(slack):
    assert slack_call(slack, "auth.test")["team_id"] == "T01"
    assert (
        slack_call(slack, "auth.test", headers={"Authorization": "Bearer x"})["error"]
        == "invalid_auth"
    )
    assert slack_call(slack, "auth.test", headers={})["error"] == "not_authed"
    assert slack_call(slack, "auth.test", headers={}, data={"token": "xoxb-test"})["ok"]


def button(**more):
    return {
        "type": "button",
        "action_id": "a",
        "text": {"type": "plain_text", "text": "Go"},
        **more,
    }


@pytest.mark.parametrize(
    "blocks",
    [
        [{"type": "divider"}] * 51,
        [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
        [{"type": "header", "text": TEXT}],
        [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}],
        [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}],
        [{"type": "section", "fields": [TEXT] * 11}],
        [{"type": "actions", "elements": [button(action_id=str(n)) for n in range(26)]}],
        [{"type": "actions", "elements": [button(text={"type": "plain_text", "text": "x" * 76})]}],
        [{"type": "actions", "elements": [button(value="x" * 2001)]}],
        [{"type": "actions", "elements": [button(), button()]}],
        [{"type": "context", "elements": [TEXT] * 11}],
        [{"type": "divider", "block_id": "x" * 256}],
        [{"type": "paragraph"}],
    ],
)
def test_slack_refuses_invalid_blocks(slack, blocks):
    answer = slack_call(slack, "chat.postMessage", {"channel": "C1", "text": "x", "blocks": blocks})
    assert answer["error"] == "invalid_blocks" and slack.posts() == []


def test_slack_refuses_long_and_empty_messages(slack):
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}
    assert (
        slack_call(slack, "chat.postMessage", {"channel": "C1", "text": "x" * 40_001})["error"]
        == "msg_too_long"
    )
    long_blocks = {"channel": "C1", "text": "x", "blocks": [section] * 5}
    assert slack_call(slack, "chat.postMessage", long_blocks)["error"] == "msg_blocks_too_long"
    assert slack_call(slack, "chat.postMessage", {"channel": "C1"})["error"] == "no_text"
    assert slack_call(slack, "chat.postMessage", {"text": "x"})["error"] == "channel_not_found"


def test_slack_rate_limit_and_failures(slack):
    slack.rate_limited(7)
    slack.fail("is_archived")
    body = {"channel": "C1", "text": "x"}
    limited = requests.post(slack.api_url + "chat.postMessage", json=body, headers=TOKEN, timeout=5)
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "7")
    assert slack_call(slack, "chat.postMessage", body)["error"] == "is_archived"
    assert slack_call(slack, "chat.postMessage", body)["ok"] and len(slack.posts()) == 1


def test_slack_views(slack):
    view = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Reject"},
        "blocks": [
            {
                "type": "input",
                "block_id": "why",
                "label": {"type": "plain_text", "text": "Why"},
                "element": {"type": "plain_text_input", "action_id": "text"},
            }
        ],
    }
    assert slack_call(slack, "views.open", {"trigger_id": "1.2", "view": view})["view"]["id"]
    assert (
        slack_call(slack, "views.open", {"trigger_id": "1.2", "view": view})["error"]
        == "exchanged_trigger_id"
    )
    long_title = {**view, "title": {"type": "plain_text", "text": "x" * 25}}
    assert (
        slack_call(slack, "views.open", {"trigger_id": "2", "view": long_title})["error"]
        == "invalid_arguments"
    )
    assert len(slack.views()) == 1


def test_slack_views_open_for_three_seconds_after_the_press(slack):
    view = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Reject"},
        "blocks": [{"type": "divider"}],
    }
    with time_machine.travel("2026-03-03T15:00:00Z", tick=False) as clock:
        late, soon = slack.new_trigger(), slack.new_trigger()
        clock.shift(2.9)
        assert slack_call(slack, "views.open", {"trigger_id": soon, "view": view})["ok"]
        clock.shift(0.2)
        answer = slack_call(slack, "views.open", {"trigger_id": late, "view": view})
    assert answer["error"] == "expired_trigger_id"


def test_slack_shows_an_ephemeral_message_to_one_member(slack):
    body = {"channel": "C1", "user": "U0MEI", "text": "Only you"}
    assert slack_call(slack, "chat.postEphemeral", body)["ok"]
    slack.members = ("U0OTHER",)
    assert slack_call(slack, "chat.postEphemeral", body)["error"] == "user_not_in_channel"
    assert [one["text"] for one in slack.ephemerals("U0MEI")] == ["Only you"]
    assert slack.posts() == []


def test_slack_updates_by_the_channels_id_and_not_by_its_name(slack):
    posted = slack_call(slack, "chat.postMessage", {"channel": "#sales-bot", "text": "Hi"})
    by_name = {"channel": "#sales-bot", "ts": posted["ts"], "text": "x"}
    assert posted["channel"] == "C0SALESBOT"
    assert slack_call(slack, "chat.update", by_name)["error"] == "channel_not_found"
    assert slack_call(slack, "chat.update", {**by_name, "channel": posted["channel"]})["ok"]


def test_slack_delivers_again_with_a_number(slack, receiver):
    slack.deliver(receiver.url, slack_module.block_actions(), "secret", retries=2)
    numbers = [headers["X-Slack-Retry-Num"] for headers, _ in receiver.received]
    assert numbers == [None, "1", "2"]


def test_slack_webhook_and_response_url(slack):
    answer = requests.post(slack.url + "/services/T1/B1/secret", json={"text": "hi"}, timeout=5)
    assert (answer.text, slack.posts()[0]["via"]) == ("ok", "webhook")
    assert (
        requests.post(slack.url + "/services/T1/B1/secret", json={}, timeout=5).status_code == 400
    )
    assert requests.post(
        slack.response_url, json={"replace_original": True, "text": "x"}, timeout=5
    ).json()["ok"]
    assert slack.responses()[0]["replace_original"] is True


def test_slack_interactions_are_signed_forms(slack, receiver):
    body = slack_module.block_actions("approve", "7:v2", user="U0MEI")
    payload = json.loads(parse_qs(body)["payload"][0])
    assert (payload["user"]["id"], payload["actions"][0]["value"]) == ("U0MEI", "7:v2")
    assert slack.deliver(receiver.url, body, "secret", 1762160999)["status"] == 200
    headers, raw = receiver.received[0]
    assert raw.decode() == body
    assert headers["X-Slack-Signature"] == slack_module.sign(body, "secret", 1762160999)
    # The example of Slack's page on verifying requests.
    example = (
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    expected = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert slack_module.sign(example, "8f742231b10e8888abcd99yyyzzz85a5", 1531420618) == expected
    submitted = json.loads(
        parse_qs(slack_module.view_submission({"why": {"text": "spam"}}))["payload"][0]
    )
    assert submitted["view"]["state"]["values"]["why"]["text"]["value"] == "spam"
    assert "message" not in json.loads(
        parse_qs(slack_module.block_actions(channel=None))["payload"][0]
    )


# RB2B

BUILDERS = [
    rb2b.person,
    rb2b.company_only,
    rb2b.repeat_visit,
    rb2b.test_event,
    rb2b.relay_envelope,
    rb2b.queue_wrapper,
    rb2b.snake_case,
    rb2b.nested_legacy,
    rb2b.malformed_seen_at,
]


@pytest.mark.parametrize("build", BUILDERS, ids=lambda build: build.__name__)
def test_rb2b_payloads_are_unique_and_invented(build):
    bodies = [rb2b.to_body(build()) for _ in range(20)]
    assert len(set(bodies)) == 20
    for body in bodies:
        addresses = [word for word in body.decode().replace('"', " ").split() if "@" in word]
        assert all(
            address.rstrip("\\,").endswith((".test", "example.com")) for address in addresses
        )


def test_rb2b_shapes():
    person = rb2b.person({"First Name": None}, Title="CEO")
    assert (person["First Name"], person["Title"], person["Zipcode"]) == (None, "CEO", "04321")
    again = rb2b.repeat_visit(person)
    assert again["is_repeat_visit"] is True and again["LinkedIn URL"] == person["LinkedIn URL"]
    company = rb2b.company_only()
    assert company["Business Email"] is None and "/company/" in company["LinkedIn URL"]
    assert rb2b.relay_envelope(person)["payload"] == person
    assert json.loads(rb2b.queue_wrapper(person, as_text=True)["raw"]) == person
