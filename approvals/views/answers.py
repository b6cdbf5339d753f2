"""What a person says about an answer: how it is to be sorted, and that they take care of it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from approvals.views import sent
from approvals.views.pages import SeeOther, viewer_page
from caio_project.lib.words.role_words import ask_a_lead, ask_for_reviewer_role
from outreach.control import phase
from outreach.feedback import replies, reply_consequences
from outreach.feedback.reply_consequences import StopStays
from outreach.models import Reply, ReplyKind

NO_REPLY_PERMISSION = ask_for_reviewer_role("sort or take answers")
STAYS_STOPPED = "They asked to stop before, so they stay stopped: that is never lifted by sorting."
NO_TAKE_BACK_PERMISSION = ask_a_lead("take back what the machine took for a stop")
WHY_STOP_STAYS = {
    StopStays.OWN_WORD: "They wrote nothing but that word, so it is their own stop. "
    "Nobody can take it back.",
    StopStays.OTHER_REPLY: "Another answer of theirs asks to stop as well. Sort that one first.",
    StopStays.OWN_CHOICE: "They unsubscribed, complained or set do-not-disturb themselves. "
    "Nobody can take that back.",
    StopStays.NO_STOP: "Choose what the answer is, other than a stop.",
    StopStays.NO_REASON: f"Say why in at least {reply_consequences.MIN_REASON_LENGTH} characters.",
}
LIFT_AT_GHL = "Do-not-disturb is still set at GoHighLevel: lift it there before you write."


@viewer_page
def correct_reply_kind(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Correct a reply's kind. It applies at once; both kinds are kept."""
    if (reply := _reply_to_change(request, public_id)) is None:
        return redirect("sent")
    kind = request.POST.get("kind", "")
    if kind not in ReplyKind.values:
        return sent.render_sent_page(
            request, 422, problem=f"{reply.lead}: nothing was changed. Choose what the answer is."
        )
    was_stop = reply.kind == ReplyKind.STOP
    if was_stop and request.POST.get("why", "").strip():
        return _take_back(request, reply, kind)
    was_sure = reply.is_sure or bool(reply.corrected_to)
    reply = replies.correct_kind(reply, kind, by=request.user)
    said = f"{reply.lead}: sorted as {ReplyKind(kind).label.lower()}."
    if kind == ReplyKind.STOP:
        said += " Nobody writes to them any more."
    elif was_stop and was_sure:
        said += f" {STAYS_STOPPED}"
    messages.success(request, said)
    return SeeOther(reverse("sent") + "#replies")


def _take_back(request: HttpRequest, reply: Reply, kind: str) -> HttpResponse:
    if not request.user.has_perm("outreach.take_back_stop"):
        raise PermissionDenied(NO_TAKE_BACK_PERMISSION)
    try:
        reply = reply_consequences.take_back_stop(reply, kind, request.POST["why"], by=request.user)
    except StopStays as refusal:
        return sent.render_sent_page(
            request,
            422,
            problem=f"{reply.lead}: nothing was changed. {WHY_STOP_STAYS[refusal.code]}",
        )
    said = f"{reply.lead}: sorted as {ReplyKind(kind).label.lower()}. Emails to them may go again."
    messages.success(request, f"{said} {LIFT_AT_GHL}" if reply.dnd_is_ours else said)
    return SeeOther(reverse("sent") + "#replies")


@viewer_page
def claim_reply(request: HttpRequest, public_id: Any) -> HttpResponse:
    if (reply := _reply_to_change(request, public_id)) is None:
        return redirect("sent")
    try:
        replies.claim_reply(reply, by=request.user)
    except replies.AlreadyTaken:
        reply.refresh_from_db()
        messages.error(
            request,
            f"{reply.lead}: {phase.actor_name(reply.taken_by)} has it already. "
            "Nothing was changed.",
        )
    else:
        messages.success(request, f"{reply.lead}: yours to answer.")
    return SeeOther(reverse("sent"))


def _reply_to_change(request: HttpRequest, public_id: Any) -> Reply | None:
    """The reply of a POST, for those who may change it; None for a GET."""
    if request.method != "POST":
        return None
    if not request.user.has_perm("outreach.correct_reply"):
        raise PermissionDenied(NO_REPLY_PERMISSION)
    return get_object_or_404(Reply.objects.select_related("lead"), public_id=public_id)
