"""What a person says about an answer: how it is to be sorted, and that they take care of it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from approvals.views import sent
from approvals.views.pages import SeeOther, viewer_page
from outreach.control import phase
from outreach.feedback import replies
from outreach.models import Reply, ReplyKind

NO_REPLY_PERMISSION = "You can read. Ask a Lead for the reviewer role to sort or take answers."
STAYS_STOPPED = "They asked to stop before, so they stay stopped: that is never lifted by sorting."


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
    reply = replies.correct_kind(reply, kind, by=request.user)
    said = f"{reply.lead}: sorted as {ReplyKind(kind).label.lower()}."
    if kind == ReplyKind.STOP:
        said += " Nobody writes to them any more."
    elif was_stop:
        said += f" {STAYS_STOPPED}"
    messages.success(request, said)
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
