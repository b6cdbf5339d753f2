"""The pages of the queue, the desk and what left. None has a slash at its end."""

from django.urls import path

from approvals.views import answers, desk, sent

urlpatterns = [
    path("sales/queue", desk.queue_page, name="queue"),
    path("sales/queue/next", desk.next_email, name="next"),
    path("sales/queue/batch", desk.many, name="batch"),
    path("sales/queue/<uuid:public_id>", desk.desk_page, name="desk"),
    path("sales/queue/<uuid:public_id>/read", desk.read, name="read"),
    path("sales/queue/<uuid:public_id>/approve", desk.approve, name="approve"),
    path("sales/queue/<uuid:public_id>/reject", desk.reject, name="reject"),
    path("sales/queue/<uuid:public_id>/edit", desk.edit, name="edit"),
    path("sales/queue/<uuid:public_id>/undo", desk.undo, name="undo"),
    path("sales/queue/<uuid:public_id>/skip", desk.skip, name="skip"),
    path("sales/queue/<uuid:public_id>/withdraw", sent.withdraw, name="withdraw"),
    path("sales/queue/<uuid:public_id>/settle", sent.settle, name="settle"),
    path("sales/sent", sent.sent_page, name="sent"),
    path("sales/sent/kept/<int:pk>", sent.kept_page, name="kept"),
    path("sales/replies/<uuid:public_id>/correct", answers.correct, name="correct_reply"),
    path("sales/replies/<uuid:public_id>/take", answers.take, name="take_reply"),
    path("sales/notices", sent.notices_page, name="notices"),
    path("sales/halt", sent.halt, name="halt"),
    path("sales/resume", sent.resume, name="resume"),
]
