"""Bring PostgreSQL back to the rows it had after the migrations, after a test that commits.

Django's flush truncates every table, which takes more than a second here, and makes permissions,
roles and seeds anew. This deletes rows and puts the remembered ones back, in a few milliseconds.
"""

from types import SimpleNamespace

from django.db import connection

REMEMBER = """
DROP SCHEMA IF EXISTS pristine CASCADE;
CREATE SCHEMA pristine;
DO $$
DECLARE
    name text;
    columns text;
    filled boolean;
    steps text := '';
BEGIN
    FOREACH name IN ARRAY %(tables)s::text[] LOOP
        steps := steps || format('DELETE FROM public.%%I;', name);
    END LOOP;
    FOREACH name IN ARRAY %(tables)s::text[] LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%%I)', name) INTO filled;
        CONTINUE WHEN NOT filled;
        EXECUTE format('CREATE TABLE pristine.%%I AS TABLE public.%%I', name, name);
        SELECT string_agg(quote_ident(column_name), ', ') INTO columns
            FROM information_schema.columns
            WHERE table_schema = 'public' AND table_name = name AND is_generated = 'NEVER';
        steps := steps || format(
            'INSERT INTO public.%%I (%%s) SELECT %%s FROM pristine.%%I;',
            name, columns, columns, name
        );
    END LOOP;
    -- As a replica: without the triggers of append-only tables and of foreign keys.
    EXECUTE format(
        'CREATE FUNCTION pristine.restore() RETURNS void LANGUAGE plpgsql'
        ' SET session_replication_role = replica AS %%L',
        'BEGIN ' || steps || ' END'
    );
    EXECUTE format('ALTER DATABASE %%I SET synchronous_commit = off', current_database());
END $$
"""


_process_state = SimpleNamespace(remembers=False)


def are_rows_restored() -> bool:
    """Whether this process restores the rows after each test that commits."""
    return bool(_process_state.remembers)


def remember_rows() -> bool:
    """Keep what the tables hold now; False where the login may not leave out triggers."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        (superuser,) = cursor.fetchone()
        if superuser:
            cursor.execute(REMEMBER, {"tables": sorted(tables)})
    connection.close()  # for the database's new setting
    _process_state.remembers = bool(superuser)
    return bool(superuser)


def restore_rows() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pristine.restore()")


def end_other_sessions() -> None:
    """What the last test killed may not have left the database yet, which is dropped next."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
