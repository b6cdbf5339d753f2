"""GoHighLevel's tokens: a private one from the settings, or a pair by OAuth that is renewed in
time.

A refresh token can be used once. So one worker at a time renews, under a lease, and stores the new
pair before it is used; that the token was handed in is committed before the call. Where the answer
is lost the same token is tried again; if it is refused then, an alarm says that a person has to
connect anew.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from caio_project.lib import http, sealed
from caio_project.lib.db import claims
from caio_project.lib.vendor_access.access import vendor_value
from caio_project.lib.words.clock_words import stamp_words
from leads.integrations import alarms
from leads.integrations import ghl_oauth as oauth
from leads.integrations.ghl_refusals import TOKEN_ALARM, Misconfigured
from leads.models import GhlTokens

RENEW_AHEAD = timedelta(minutes=5)  # of its end an access token is renewed
RENEWAL_LEASE = timedelta(seconds=60)  # longer than both calls
LONGEST_RENEWAL_WAIT = 20.0  # seconds that a caller waits for another worker to renew
RETRY_AFTER_REFUSAL = timedelta(minutes=5)
CONNECT_AGAIN = "Connect again: manage.py connect_ghl."


@dataclass(frozen=True)
class Token:
    text: str
    generation: int  # 0: the private token


def current_token(*, patient: bool = True) -> Token:
    """The token for a call now; renewed first where it is about to expire.

    Once it has expired, a patient caller renews it or waits for the renewal; an impatient one,
    whose call must start at once, does not. Raises ServiceUnavailable, and Misconfigured where only
    a person can help.
    """
    if vendor_value("GHL_API_TOKEN"):
        return Token(vendor_value("GHL_API_TOKEN"), 0)
    give_up = time.monotonic() + LONGEST_RENEWAL_WAIT
    while True:
        row, now = _tokens_row(), timezone.now()
        if row.access_until > now + RENEW_AHEAD:
            return _open_token(row)
        if patient and _claim_renewal(row, now):
            trouble = _renew_tokens(row)
            if trouble is None:
                continue
            if row.access_until <= now:
                raise trouble
        if row.access_until > now:
            return _open_token(row)
        if not patient or row.not_before > now or time.monotonic() > give_up:
            wait = max(1.0, (row.not_before - now).total_seconds())
            raise http.ServiceUnavailable(
                row.error or "GoHighLevel's tokens are being renewed", retry_after=wait
            )
        time.sleep(0.05)


def expire_token(token: Token) -> bool:
    """Record that GoHighLevel refuses `token`. False for the private one, which nothing renews."""
    GhlTokens.objects.filter(generation=token.generation).update(access_until=timezone.now())
    return token.generation > 0


def store_connection(pair: oauth.TokenPair) -> None:
    """Store the first pair, or a replacement; a renewal of an older pair under way becomes void."""
    GhlTokens.objects.get_or_create(pk=1)
    changes = _pair_columns(pair, timezone.now())
    GhlTokens.objects.filter(pk=1).update(**changes, connected_at=timezone.now(), lease_until=None)
    alarms.clear_alarm(TOKEN_ALARM)


def _tokens_row() -> GhlTokens:
    row = GhlTokens.objects.filter(pk=1).exclude(refresh="").first()
    if row is None:
        text = "GoHighLevel is not connected yet: manage.py connect_ghl."
        raise Misconfigured(http.RequestRefused(text), TOKEN_ALARM, text)
    return row


def _open_token(row: GhlTokens) -> Token:
    try:
        return Token(sealed.decrypt_text(row.access), row.generation)
    except sealed.DecryptionError as error:
        text = f"The tokens for GoHighLevel were {error}. {CONNECT_AGAIN}"
        raise Misconfigured(http.RequestRefused(text), TOKEN_ALARM, text) from error


def _claim_renewal(row: GhlTokens, now: datetime) -> bool:
    """Until the lease ends nobody else uses the refresh token. `row` gets the lease."""
    lease = now + RENEWAL_LEASE
    mine = GhlTokens.objects.filter(
        pk=1, generation=row.generation, lease_until=row.lease_until, not_before__lte=now
    )
    if row.lease_until and row.lease_until > now:
        return False
    spent = {} if _has_company(row, now) else {"spent_at": now}
    if not claims.claim_row(mine, lease_until=lease, attempts=F("attempts") + 1, **spent):
        return False
    row.lease_until, row.attempts = lease, row.attempts + 1  # and spent_at as it was before
    return True


def _renew_tokens(row: GhlTokens) -> http.HttpError | None:
    """Renew and store the tokens under the lease; returns the error, or None."""
    try:
        if not _has_company(row, timezone.now()):
            row = _store_pair(
                row, oauth.pair_by_refresh(sealed.decrypt_text(row.refresh), row.user_type)
            )
        if row.user_type == oauth.COMPANY:
            _store_location(
                row, oauth.location_access(sealed.decrypt_text(row.company_access), row.company_id)
            )
    except sealed.DecryptionError as error:
        return _record_failure(row, http.RequestRefused(f"The tokens for GoHighLevel were {error}"))
    except http.HttpError as failure:
        return _record_failure(row, failure)
    alarms.clear_alarm(TOKEN_ALARM)
    return None


def _has_company(row: GhlTokens, now: datetime) -> bool:
    return row.company_until is not None and row.company_until > now + RENEW_AHEAD


def _pair_columns(pair: oauth.TokenPair, now: datetime) -> dict[str, Any]:
    # A company's access token is not the one that calls carry.
    until, access = (
        now + timedelta(seconds=pair.access.seconds),
        sealed.encrypt_text(pair.access.token),
    )
    common = {
        "user_type": pair.user_type,
        "company_id": pair.company_id,
        "refresh": sealed.encrypt_text(pair.refresh),
        "spent_at": None,
        "attempts": 0,
        "error": "",
        "not_before": now,
        "renewed_at": now,
    }
    if pair.user_type == oauth.COMPANY:
        return {**common, "company_access": access, "company_until": until, "access_until": now}
    location = {"access": access, "access_until": until, "generation": F("generation") + 1}
    return {**common, **location, "company_access": "", "company_until": None}


def _store_pair(row: GhlTokens, pair: oauth.TokenPair) -> GhlTokens:
    # A company's pair keeps the lease for the call that follows.
    lease = row.lease_until if pair.user_type == oauth.COMPANY else None
    changes = {
        **_pair_columns(pair, timezone.now()),
        "company_id": pair.company_id or row.company_id,
    }
    claims.claim_row(
        GhlTokens.objects.filter(pk=1, lease_until=row.lease_until), **changes, lease_until=lease
    )
    return _tokens_row()


def _store_location(row: GhlTokens, access: oauth.AccessToken) -> None:
    now = timezone.now()
    GhlTokens.objects.filter(pk=1, lease_until=row.lease_until).update(
        access=sealed.encrypt_text(access.token),
        access_until=now + timedelta(seconds=access.seconds),
        generation=F("generation") + 1,
        attempts=0,
        error="",
        not_before=now,
        lease_until=None,
    )


def _record_failure(row: GhlTokens, failure: http.HttpError) -> http.HttpError:
    """Returns the error to raise. `row.spent_at` is when the refresh token was handed in before."""
    wait = claims.retry_delay(row.attempts, base=5)
    changes: dict[str, Any] = {}
    trouble: http.HttpError = http.ServiceUnavailable(
        failure.detail, retry_after=wait.total_seconds()
    )
    if isinstance(failure, http.RequestRefused):
        wait, text = max(wait, RETRY_AFTER_REFUSAL), _what_to_do(row, failure)
        trouble = Misconfigured(http.RequestRefused(text, failure.status), TOKEN_ALARM, text)
        alarms.raise_alarm(TOKEN_ALARM, text)
    elif isinstance(failure, http.ServiceUnavailable):  # it certainly was not used up by this
        changes["spent_at"] = row.spent_at
    mine = GhlTokens.objects.filter(pk=1, lease_until=row.lease_until)
    mine.update(
        error=trouble.detail[:300], not_before=timezone.now() + wait, lease_until=None, **changes
    )
    return trouble


def _what_to_do(row: GhlTokens, failure: http.HttpError) -> str:
    if row.spent_at:
        lost = (
            f"The tokens that GoHighLevel gave us at {stamp_words(row.spent_at)} were "
            "lost on the way."
        )
        return f"{lost} {CONNECT_AGAIN}"
    return f"GoHighLevel does not renew our tokens: {failure.detail[:150]}. {CONNECT_AGAIN}"
