"""`Idempotency-Key` on writes: the same key and request get the same answer for a day.

The answer is stored in the transaction of the work: a crash leaves both or none. Refusals are not
kept, for nothing happened. Another body under a key is 422, a request beside one that is still
being worked on 409.
"""

import hashlib
import hmac
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from caio_project.lib.api.models import IdempotentAnswer
from caio_project.lib.sealed import DecryptionError, decrypt_text, encrypt_text
from caio_project.lib.web.problems import ConflictError

HEADER = "Idempotency-Key"
MAX_LENGTH = 255
KEPT_FOR = timedelta(days=1)
WORK_SECONDS = 60  # after which a request that never ended may be done again
STILL_WORKING = "A request with this Idempotency-Key is being worked on. Try again in a moment."


class OtherBody(APIException):
    status_code = 422
    default_code = "other_body"
    default_detail = "Idempotency-Key: it was used for another request."


@dataclass(frozen=True)
class _Ask:
    owner: str
    key: str
    fingerprint: str

    @property
    def key_sha256(self) -> str:
        return hashlib.sha256(f"{self.owner} {self.key}".encode()).hexdigest()


def idempotent(method: Callable[..., Response]) -> Callable[..., Response]:
    """Decorate the method of a view that writes; without the header nothing is different."""

    @wraps(method)
    def answer(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        if (key := request.headers.get(HEADER)) is None:
            return method(view, request, *args, **kwargs)
        ask = _Ask(_owner_of(request), _checked(key), _fingerprint(key, request))
        row = _claim(ask, timezone.now())
        if row.status is not None:
            return _stored_answer(row, ask)
        return _work(row, ask, lambda: method(view, request, *args, **kwargs))

    answer.is_idempotent = True  # type: ignore[attr-defined]
    return answer


def _checked(key: str) -> str:
    if not key.strip() or len(key) > MAX_LENGTH or not key.isascii() or not key.isprintable():
        raise ValidationError({HEADER: f"It is 1 to {MAX_LENGTH} printable ASCII characters."})
    return key


def _owner_of(request: Request) -> str:
    key = getattr(request.auth, "pk", None)
    return f"key:{key}"[:40] if key else f"user:{request.user.pk}"


def _fingerprint(key: str, request: Request) -> str:
    """By a keyed hash: a body of an address alone could be guessed from a plain one."""
    about = f"{request.method} {request.get_full_path()}\n".encode()
    body = json.dumps(request.data, sort_keys=True, default=str).encode("utf-8", "replace")
    return hmac.new(key.encode("ascii", "replace"), about + body, hashlib.sha256).hexdigest()


def _claim(ask: _Ask, now: datetime) -> IdempotentAnswer:
    """The row of this key: with an answer, or claimed for this request."""
    rows = IdempotentAnswer.objects.filter(owner=ask.owner, key_sha256=ask.key_sha256)
    rows.filter(expires_at__lte=now).delete()
    locked_until = now + timedelta(seconds=WORK_SECONDS)
    row, made = IdempotentAnswer.objects.get_or_create(
        owner=ask.owner,
        key_sha256=ask.key_sha256,
        defaults={
            "fingerprint": ask.fingerprint,
            "locked_until": locked_until,
            "expires_at": now + KEPT_FOR,
        },
    )
    if made:
        return row
    if not hmac.compare_digest(row.fingerprint, ask.fingerprint):
        raise OtherBody
    if row.status is not None:
        return row
    token = uuid.uuid4()
    ended = rows.filter(token=row.token, status=None, locked_until__lte=now)
    if not ended.update(token=token, locked_until=locked_until):
        raise ConflictError(STILL_WORKING)
    row.token = token
    return row


def _work(row: IdempotentAnswer, ask: _Ask, method: Callable[[], Response]) -> Response:
    mine = IdempotentAnswer.objects.filter(pk=row.pk, token=row.token, status=None)
    try:
        with transaction.atomic():
            response = method()
            body = JSONRenderer().render(response.data).decode()
            sealed = encrypt_text(body, purpose=ask.key)
            if not mine.update(status=response.status_code, body=sealed):
                raise ConflictError(STILL_WORKING)  # it took too long, and another has begun
    except BaseException:
        mine.delete()
        raise
    return response


def _stored_answer(row: IdempotentAnswer, ask: _Ask) -> Response:
    try:
        body = json.loads(decrypt_text(row.body, purpose=ask.key))
    except DecryptionError as error:
        raise ConflictError("It was done, but its answer cannot be read any more.") from error
    return Response(body, status=row.status, headers={"Idempotency-Replayed": "true"})


def purge_expired(now: datetime) -> int:
    return IdempotentAnswer.objects.filter(expires_at__lte=now).delete()[0]
