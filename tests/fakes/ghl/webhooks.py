"""HighLevel webhook bodies (marketplace app events) and their Ed25519 signature, X-GHL-Signature.

Every builder takes keyword overrides; a body carries its own webhookId and timestamp.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from functools import cached_property
from typing import Any

from tests.fakes.clock import iso

SIGNATURE_HEADER = "X-GHL-Signature"


class WebhookSigner:
    """Signs like HighLevel does (webhook integration guide: Ed25519 over the raw body, base64)."""

    @cached_property
    def _key(self):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.generate()

    @property
    def public_key_b64(self) -> str:
        """Base64 of the public key in SPKI DER, the form in which HighLevel publishes its own."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def sign(self, raw: bytes | str) -> str:
        raw = raw.encode() if isinstance(raw, str) else raw
        return base64.b64encode(self._key.sign(raw)).decode()

    def signed(self, payload: Any) -> tuple[bytes, dict[str, str]]:
        """The raw body of a delivery and its headers."""
        raw = json.dumps(payload).encode()
        return raw, {"Content-Type": "application/json", SIGNATURE_HEADER: self.sign(raw)}


def _envelope(kind: str, location_id: str) -> dict:
    return {
        "type": kind,
        "locationId": location_id,
        "timestamp": iso(),
        "webhookId": str(uuid.uuid4()),
        "appId": "app_1",
        "versionId": "ver_1",
    }


def _email_message(kind: str, direction: str, location_id: str, fields: dict) -> dict:
    return {
        **_envelope(kind, location_id),
        "contactId": "cnt_1",
        "conversationId": "cnv_1",
        "messageId": "msg_" + uuid.uuid4().hex[:12],
        "direction": direction,
        "messageType": "Email",
        "messageTypeId": 3,
        "messageTypeString": "TYPE_EMAIL",
        "status": "delivered",
        "emailMessageId": "eml_" + uuid.uuid4().hex[:12],
        "threadId": "msg_thread",
        "cc": [],
        "bcc": [],
        "attachments": [],
        "provider": "Leadconnector",
        "conversationProviderId": "cpv_1",
        "dateAdded": iso(),
        **fields,
    }


def inbound_message(location_id: str = "loc-test", **fields: Any) -> dict:
    """InboundMessage for an e-mail reply. `from` is a keyword: pass it as **{"from": …} or as
    sender=…
    """
    sender = fields.pop("sender", "Dana Okafor <dana.okafor@northline.test>")
    defaults = {
        "subject": "Re: Freight margin question",
        "body": "<div>Sounds useful, tell me more.</div>",
        "from": sender,
        "to": ["alex@mail.oursite.test"],
    }
    return _email_message("InboundMessage", "inbound", location_id, {**defaults, **fields})


def outbound_message(location_id: str = "loc-test", **fields: Any) -> dict:
    """OutboundMessage for an e-mail; `source` tells who sent it (app, api, workflow, bulk_actions,
    campaign).
    """
    sender = fields.pop("sender", "alex@mail.oursite.test")
    defaults = {
        "subject": "Freight margin question",
        "body": "<p>Hi Dana</p>",
        "from": sender,
        "to": ["dana.okafor@northline.test"],
        "userId": "usr_1",
        "source": "app",
    }
    return _email_message("OutboundMessage", "outbound", location_id, {**defaults, **fields})


def email_stats(
    event: str,
    email_message_id: str = "eml_1",
    recipient: str = "dana.okafor@northline.test",
    location_id: str = "loc-test",
    *,
    severity: str | None = None,
    reason: str | None = None,
    timestamp: float | None = None,
    subject: str = "Freight margin question",
    sender: str = "alex@mail.oursite.test",
    **fields: Any,
) -> dict:
    """LCEmailStats: `webhookPayload` is a Mailgun event (Mailgun event structure); `fields`
    override inside it.
    """
    timestamp = time.time() if timestamp is None else timestamp
    domain = sender.partition("@")[2]
    payload = {
        "event": event,
        "id": "mg" + uuid.uuid4().hex[:20],
        "timestamp": timestamp,
        "log-level": "error" if event == "failed" else "info",
        "recipient": recipient,
        "recipient-domain": recipient.partition("@")[2],
        "recipient-provider": "Google Workspace",
        "tags": [f"loc_{location_id}", "com_cmp_1", "et_other"],
        "campaigns": [],
        "message": {
            "headers": {
                "message-id": f"{uuid.uuid4().hex}@{domain}",
                "from": sender,
                "to": recipient,
                "subject": subject,
            },
            "size": 4120,
            "attachments": [],
        },
        "flags": {
            "is-authenticated": True,
            **dict.fromkeys(("is-routed", "is-system-test", "is-test-mode"), False),
        },
        "lc-operations": {
            "domain": domain,
            "email_message_id": email_message_id,
            "email_type": "other",
            "location_id": location_id,
            "company_id": "cmp_1",
        },
        **_email_stats_extra(event, severity, reason, payload_recipient=recipient),
        **fields,
    }
    if event == "rejected":
        payload.pop("recipient", None)
    envelope = _envelope("LCEmailStats", location_id)
    return {**envelope, "companyId": "cmp_1", "webhookPayload": payload}


def _email_stats_extra(
    event: str, severity: str | None, reason: str | None, payload_recipient: str
) -> dict:
    status = {
        "attempt-no": 1,
        "mx-host": "mx.northline.test",
        "session-seconds": 0.8,
        "description": "",
    }
    browser = {"ip": "192.0.2.20", "client-info": {"user-agent": "Mozilla/5.0"}}
    if event == "delivered":
        return {"delivery-status": {**status, "code": 250, "message": "OK"}}
    if event == "failed":
        permanent = (severity or "permanent") == "permanent"
        code, text = (550, "5.1.1 mailbox unknown") if permanent else (421, "4.7.0 try again later")
        delivery = {**status, "code": code, "message": text, "enhanced-code": text.split()[0]}
        return {
            "severity": severity or "permanent",
            "reason": reason or ("bounce" if permanent else "generic"),
            "delivery-status": delivery,
            "envelope": {
                "sender": "bounce+x@mail.oursite.test",
                "targets": payload_recipient,
                "transport": "smtp",
            },
        }
    if event == "opened":
        return {**browser, "geolocation": {"country": "US"}}
    if event == "clicked":
        return {**browser, "url": "https://oursite.test/pricing"}
    if event == "rejected":
        return {"reject": {"reason": "Sandbox", "description": ""}}
    return {}


def contact_dnd_update(
    contact: dict | None = None,
    channel: str = "Email",
    status: str = "active",
    location_id: str = "loc-test",
) -> dict:
    """ContactDndUpdate: the flat contact with dnd and dndSettings; "all" sets dnd itself."""
    contact = contact or {
        "id": "cnt_1",
        "email": "dana.okafor@northline.test",
        "dnd": False,
        "dndSettings": {},
    }
    fields = {
        name: contact.get(name)
        for name in (
            "id",
            "email",
            "firstName",
            "lastName",
            "phone",
            "companyName",
            "tags",
            "dateAdded",
        )
    }
    settings = dict(contact.get("dndSettings") or {})
    if channel != "all":
        settings[channel] = {
            "status": status,
            "message": f"Updated by the contact at {iso()}",
            "code": "103",
        }
    dnd = status != "inactive" if channel == "all" else bool(contact.get("dnd"))
    return {
        **_envelope("ContactDndUpdate", location_id),
        **fields,
        "dnd": dnd,
        "dndSettings": settings,
    }


def appointment_create(
    appointment: dict | None = None,
    location_id: str = "loc-test",
    kind: str = "AppointmentCreate",
    **fields: Any,
) -> dict:
    """AppointmentCreate (or kind="AppointmentUpdate" / "AppointmentDelete"): nested under
    `appointment`.
    """
    defaults = {
        "id": "apt_" + uuid.uuid4().hex[:12],
        "title": "Intro call",
        "address": "https://meet.test/x",
        "calendarId": "cal_1",
        "contactId": "cnt_1",
        "groupId": "grp_1",
        "appointmentStatus": "confirmed",
        "assignedUserId": "usr_1",
        "users": ["usr_1"],
        "notes": "",
        "source": "booking_widget",
        "startTime": iso(time.time() + 86400),
        "endTime": iso(time.time() + 88200),
        "dateAdded": iso(),
        "dateUpdated": iso(),
    }
    return {
        **_envelope(kind, location_id),
        "appointment": {**defaults, **(appointment or {}), **fields},
    }


def opportunity_update(
    opportunity: dict | None = None,
    location_id: str = "loc-test",
    kind: str = "OpportunityUpdate",
    **fields: Any,
) -> dict:
    """OpportunityUpdate (or kind="OpportunityStatusUpdate", "OpportunityDelete", …): flat."""
    values = {
        "id": "opp_" + uuid.uuid4().hex[:12],
        "contactId": "cnt_1",
        "name": "Northline pilot",
        "assignedTo": "usr_1",
        "pipelineId": "pl_1",
        "pipelineStageId": "st_1",
        "monetaryValue": 18000,
        "status": "open",
        "source": "RB2B",
        "dateAdded": iso(),
    }
    known = {name: value for name, value in (opportunity or {}).items() if name in values}
    if opportunity and "createdAt" in opportunity:
        known["dateAdded"] = opportunity["createdAt"]
    return {**_envelope(kind, location_id), **values, **known, **fields}
