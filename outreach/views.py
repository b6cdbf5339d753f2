"""The unsubscribe page. A GET changes nothing, because scanners open every link; the POST
suppresses.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from outreach.feedback import unsubscribes


@csrf_exempt  # RFC 8058: a mailbox provider posts without cookies; the token is the proof
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        unsubscribes.unsubscribe_by_token(token)
        return render(request, "outreach/unsubscribed.html")
    return render(request, "outreach/unsubscribe.html", {"token": token})
