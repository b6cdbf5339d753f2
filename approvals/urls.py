"""The pages of the queue, the desk and what left. None has a slash at its end."""

from django.urls import path

from approvals import views, views_answers, views_sent

urlpatterns = [
    path("sales/queue", views.queue_page, name="queue"),
    path("sales/queue/next", views.next_email, name="next"),
    path("sales/queue/batch", views.many, name="batch"),
    path("sales/queue/<uuid:public_id>", views.desk_page, name="desk"),
    path("sales/queue/<uuid:public_id>/read", views.read, name="read"),
    path("sales/queue/<uuid:public_id>/approve", views.approve, name="approve"),
    path("sales/queue/<uuid:public_id>/reject", views.reject, name="reject"),
    path("sales/queue/<uuid:public_id>/edit", views.edit, name="edit"),
    path("sales/queue/<uuid:public_id>/undo", views.undo, name="undo"),
    path("sales/queue/<uuid:public_id>/skip", views.skip, name="skip"),
    path("sales/queue/<uuid:public_id>/withdraw", views_sent.withdraw, name="withdraw"),
    path("sales/queue/<uuid:public_id>/settle", views_sent.settle, name="settle"),
    path("sales/sent", views_sent.sent_page, name="sent"),
    path("sales/sent/kept/<int:pk>", views_sent.kept_page, name="kept"),
    path("sales/replies/<uuid:public_id>/correct", views_answers.correct, name="correct_reply"),
    path("sales/replies/<uuid:public_id>/take", views_answers.take, name="take_reply"),
    path("sales/notices", views_sent.notices_page, name="notices"),
    path("sales/halt", views_sent.halt, name="halt"),
    path("sales/resume", views_sent.resume, name="resume"),
]
