"""The floor: a view that inserts one row, and one that does nothing."""

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

TABLE = (
    "CREATE TABLE bench_floor (id bigserial PRIMARY KEY, body bytea NOT NULL, received_at "
    "timestamptz DEFAULT now())"
)


@csrf_exempt
def insert_row(request: HttpRequest) -> JsonResponse:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_floor (body) VALUES (%s) RETURNING id", [request.body])
        (row,) = cursor.fetchone()
    response = JsonResponse({"status": "stored", "id": row})
    response["Content-Length"] = len(
        response.content
    )  # CommonMiddleware's work, where there is none
    return response


def empty_view(request: HttpRequest) -> JsonResponse:
    return JsonResponse({})


urlpatterns = [path("insert", insert_row), path("nothing", empty_view)]
