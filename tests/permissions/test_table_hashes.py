"""The hashes that tests of permissions compare notice every way in which a row may change."""

import pytest
from django.db import connection, transaction

from leads.models import Company
from tests.factories import CompanyFactory
from tests.permissions.table_hashes import hash_tables, hashes_kept

pytestmark = pytest.mark.django_db
UNNAMED = "WITH one AS (SELECT 1) UPDATE leads_company SET name = 'Other'"


def test_rows_that_are_made_changed_and_deleted_are_noticed() -> None:
    with hashes_kept():
        seen = [hash_tables()]
        company = CompanyFactory()
        seen.append(hash_tables())
        Company.objects.filter(pk=company.pk).update(name="Other")
        seen.append(hash_tables())
        company.delete()
        assert hash_tables() == seen[0], "nothing is left of it"
    assert len({one["leads_company"] for one in seen}) == 3


def test_what_is_rolled_back_is_as_before() -> None:
    CompanyFactory()
    with hashes_kept():
        before = hash_tables()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            Company.objects.update(name="Other")
            assert hash_tables() != before
            raise ZeroDivisionError
        assert hash_tables() == before


def test_a_statement_of_another_form_is_noticed() -> None:
    CompanyFactory()
    with hashes_kept(), connection.cursor() as cursor:
        before = hash_tables()
        cursor.execute(UNNAMED)
        assert hash_tables() != before


def test_a_change_that_no_statement_showed_fails_at_the_end() -> None:
    CompanyFactory()
    with pytest.raises(AssertionError, match="does not name it"), hashes_kept():
        hash_tables()
        wrappers, connection.execute_wrappers = connection.execute_wrappers, []
        Company.objects.update(name="Other")
        connection.execute_wrappers = wrappers
