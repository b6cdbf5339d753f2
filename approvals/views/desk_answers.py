"""The desk's page as an answer: as it stands, or after something was refused."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from approvals.decisions import claims, decisions, refusal_words
from approvals.decisions.judgement import Refusal
from approvals.desk import desk, reading_proof, status_words, used_reasons
from approvals.queue.queue_view import QueueView
from approvals.views.pages import find_message, redirect_to_desk, render_page
from outreach.choices import Status
from outreach.models import Message

READ_FIRST = refusal_words.FIXED[Refusal.NOT_READ]
NOT_READ, NOT_CHECKED_OUT = f"Not approved: {READ_FIRST}.", f"Not checked out: {READ_FIRST}."


def render_desk(
    request: HttpRequest, message: Message, status: int = 200, **more: Any
) -> HttpResponse:
    view = QueueView.read(request.GET)
    context = {
        "mode": "look",
        "refused": status >= 400,
        **desk.desk_context(message, request.user, view),
    }
    decides = more.get("mode") in ("reject", "edit")
    if context["decidable"] is False and decides and status == 200:
        return redirect_to_desk(request, message)
    if more.get("mode") == "edit":
        more.setdefault("shown", _proof_in_form(request, message))
    if more.get("mode") == "reject":
        context["used_reasons"] = used_reasons.reasons_of(request.user)
    context.update({name: value for name, value in more.items() if value is not None})
    return render_page(request, "approvals/desk/desk.html", context, status)


def render_unread(request: HttpRequest, message: Message) -> HttpResponse:
    shown = _proof_in_form(request, message)
    return render_desk(request, message, 422, problem=NOT_READ, shown=shown)


def _proof_in_form(request: HttpRequest, message: Message) -> str | None:
    """The proof that the form holds: the time on the screen goes on, where it is the same text."""
    proof = request.POST.get("shown", "")
    is_same = reading_proof.shown_version(message, request.user, proof, 0) == message.version
    return proof if is_same else None


def render_claimed(request: HttpRequest, message: Message, **more: Any) -> HttpResponse:
    claim = claims.colleague_claim(message, request.user)
    text = refusal_words.refusal_sentence(Refusal.CLAIMED, message, claim)
    return render_desk(request, message, 409, strip=status_words.StatusLine("warn", text), **more)


def render_refusal(
    request: HttpRequest, late: decisions.DecisionConflict, shown: int, **more: Any
) -> HttpResponse:
    if late.refusal == Refusal.CLAIMED:
        return render_claimed(request, late.message, **more)
    if late.refusal == Refusal.NO_SUCH_VERSION:
        strip = status_words.StatusLine("warn", late.text)
        return render_desk(request, find_message(late.message.public_id), 409, strip=strip, **more)
    return render_conflict(request, late.message, shown, **more)


def render_conflict(
    request: HttpRequest, message: Message, shown: int, **more: Any
) -> HttpResponse:
    message = find_message(message.public_id)
    strip, changes = desk.describe_conflict(message, shown)
    if message.status not in (Status.HELD, Status.BLOCKED):
        more = {}  # nothing is left to type into
    return render_desk(request, message, 409, strip=strip, changes=changes, **more)
