"""The pages of the queue, the desk and what left. None has a slash at its end."""

from django.urls import path

from approvals import rereading_views
from approvals.views import (
    answers,
    aside,
    batch,
    colleagues,
    copies,
    desk,
    other_text,
    pulse,
    seller,
    sent,
    shorter,
    snippets,
)
from approvals.views.escalation import away
from approvals.views.escalation import pages as escalation
from approvals.views.learning import lessons, score_file, scores, training

urlpatterns = [
    path("sales/queue", desk.queue_page, name="queue"),
    path("sales/pulse", pulse.pulse, name="pulse"),
    path("sales/queue/next", desk.open_next_email, name="next"),
    path("sales/queue/batch", batch.decide_batch, name="batch"),
    path("sales/queue/<uuid:public_id>", desk.desk_page, name="desk"),
    path("sales/queue/<uuid:public_id>/copies", copies.copies_page, name="copies"),
    path("sales/queue/<uuid:public_id>/read", desk.record_read, name="read"),
    path("sales/queue/<uuid:public_id>/approve", desk.approve_email, name="approve"),
    path("sales/queue/<uuid:public_id>/reject", desk.reject_email, name="reject"),
    path("sales/queue/<uuid:public_id>/score", scores.score_email, name="score"),
    path("sales/queue/<uuid:public_id>/edit", desk.edit_email, name="edit"),
    path("sales/queue/<uuid:public_id>/instead", colleagues.write_instead, name="instead"),
    path("sales/queue/<uuid:public_id>/undo", desk.undo_decision, name="undo"),
    path("sales/queue/<uuid:public_id>/reopen", aside.reopen_email, name="reopen"),
    path("sales/queue/<uuid:public_id>/take-over", aside.take_over, name="take-over"),
    path("sales/queue/<uuid:public_id>/skip", desk.skip_email, name="skip"),
    path("sales/queue/<uuid:public_id>/snooze", aside.snooze_email, name="snooze"),
    path("sales/queue/<uuid:public_id>/note", aside.write_note, name="note"),
    path("sales/queue/<uuid:public_id>/test", other_text.send_test_email, name="send-test"),
    path("sales/queue/<uuid:public_id>/other", other_text.other_texts_page, name="other-texts"),
    path("sales/queue/<uuid:public_id>/shorter", shorter.shorter_text, name="shorter"),
    path("sales/queue/<uuid:public_id>/insert", other_text.insert_snippet, name="insert-snippet"),
    path("sales/queue/<uuid:public_id>/withdraw", sent.withdraw_email, name="withdraw"),
    path("sales/queue/<uuid:public_id>/settle", sent.settle_uncertain, name="settle"),
    path("sales/lessons", lessons.lessons_page, name="lessons"),
    path("sales/lessons/edits.csv", lessons.edits_file, name="edits-file"),
    path("sales/training", training.training_page, name="training"),
    path("sales/quality", scores.quality_page, name="quality"),
    path("sales/quality/file", score_file.score_file, name="score-file"),
    path("sales/rereading", rereading_views.rereading_page, name="rereading"),
    path("sales/rereading/next", rereading_views.take_next, name="rereading-next"),
    path("sales/rereading/judge", rereading_views.store_judgement, name="rereading-judge"),
    path("sales/rereading/rate", rereading_views.rate_page, name="rereading-rate"),
    path("sales/sent", sent.sent_page, name="sent"),
    path("sales/sent/kept/bring-back", sent.bring_back_sandboxed, name="bring_back"),
    path("sales/sent/kept/<int:pk>", sent.sandbox_email_page, name="kept"),
    path(
        "sales/replies/<uuid:public_id>/correct", answers.correct_reply_kind, name="correct_reply"
    ),
    path("sales/replies/<uuid:public_id>/take", answers.claim_reply, name="take_reply"),
    path("sales/settings/seller", seller.seller_page, name="seller"),
    path("sales/settings/snippets", snippets.snippets_page, name="snippets"),
    path("sales/settings/me/available", away.set_own, name="own-availability"),
    path("sales/settings/escalation", escalation.escalation_page, name="escalation"),
    path("sales/settings/escalation/ladder", escalation.ladder_page, name="ladder"),
    path("sales/settings/escalation/calendar", escalation.calendar_page, name="team-calendar"),
    path("sales/settings/escalation/order", escalation.save_order, name="notice-order"),
    path("sales/settings/escalation/away", away.set_of_member, name="member-availability"),
    path("sales/notices", sent.notices_page, name="notices"),
    path("sales/halt", sent.halt_sending, name="halt"),
    path("sales/resume", sent.resume_sending, name="resume"),
]
