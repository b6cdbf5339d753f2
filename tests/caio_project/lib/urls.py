"""Views that do nothing but ask for scopes and raise errors: what our API edges have in common."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import path
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from caio_project.lib.web.problems import ConflictError


class Scoped(APIView):
    scope = "leads:read"
    scopes = {"POST": "outreach:halt"}

    def get(self, request: Request) -> Response:
        return Response(
            {"user": request.user.get_username(), "key": getattr(request.auth, "name", None)}
        )

    def post(self, request: Request) -> Response:
        return Response({"did": "it"})


class Scopeless(APIView):
    def get(self, request: Request) -> Response:
        return Response({"did": "it"})


ERRORS = {
    "field": exceptions.ValidationError({"email": ["It is missing."]}),
    "nested": exceptions.ValidationError(
        {"lead": {"name": ["Too long."], "age": ["Too old.", "No number."]}}
    ),
    "list": exceptions.ValidationError(["Wrong."]),
    "text": exceptions.ValidationError("Wrong."),
    "many": exceptions.ValidationError([{}, {"name": ["Too long."]}]),
    "conflict": ConflictError("It was decided already.", status_now="sent", version=3),
    "missing": exceptions.NotFound(),
    "http404": Http404("No lead matches."),
    "denied": PermissionDenied(),
    "throttled": exceptions.Throttled(wait=7),
    "bug": RuntimeError("ours"),
}


class Raising(APIView):
    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request, name: str) -> Response:
        raise ERRORS[name]

    def post(self, request: Request, name: str) -> Response:
        return Response(request.data)


urlpatterns = [
    path("scoped", Scoped.as_view()),
    path("scopeless", Scopeless.as_view()),
    path("raising/<str:name>", Raising.as_view()),
]
