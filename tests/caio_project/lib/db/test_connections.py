import pytest
from django.db import connection


@pytest.mark.postgres
@pytest.mark.django_db
def test_statements_are_not_compiled() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)
