"""When everything that is approved has left."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from outreach.limits import forecast, forecast_by_day


class DayShape(serializers.Serializer):
    day = serializers.DateField()
    count = serializers.IntegerField()


class DrainsShape(serializers.Serializer):
    waiting = serializers.IntegerField()
    days = DayShape(
        many=True, help_text="Of the team's calendar, those of the next 42 on which emails leave."
    )
    last_leaves_at = serializers.DateTimeField(allow_null=True, help_text="Within 42 days.")
    last_day = serializers.DateField(
        allow_null=True, help_text="Beyond 42 days reckoned at the last week's pace."
    )


class ForecastView(APIView):
    scope = "messages:read"

    @extend_schema(
        operation_id="messages_forecast",
        responses=inline_serializer(
            "Forecast",
            {
                "at": serializers.DateTimeField(),
                "held_by": serializers.CharField(
                    allow_null=True, help_text="Where only a person lets it go on."
                ),
                "approved": DrainsShape(),
                "with_undecided": DrainsShape(),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        """When what is approved has left at the limits of now, and with all that is undecided
        approved now.
        """
        found = forecast_by_day.forecast_queue(timezone.now())
        return Response(
            {
                "at": found.at,
                "held_by": found.held_by,
                "approved": _forecast_json(found.approved),
                "with_undecided": _forecast_json(found.with_undecided),
            }
        )


def _forecast_json(found: forecast.Forecast) -> dict[str, Any]:
    days = [{"day": one.day, "count": one.count} for one in found.days]
    return {
        "waiting": found.waiting,
        "days": days,
        "last_leaves_at": found.last_at,
        "last_day": found.last_day,
    }
