"""Print a URL of the database NAME on 127.0.0.1, with a login that may create databases.

Makes the database if it is missing.

python .ci/database.py NAME [URL of any database, to try first]. Exit code 1 where no login works.
"""

import getpass
import sys
from urllib.parse import urlsplit, urlunsplit

import psycopg

name, *first = sys.argv[1:]
errors = []
for url in (
    *filter(None, first),
    "postgres://postgres@127.0.0.1:5432/postgres",
    "postgres://postgres:postgres@127.0.0.1:5432/postgres",
    f"postgres://{getpass.getuser()}@127.0.0.1:5432/postgres",
):
    try:
        with psycopg.connect(url, connect_timeout=5, autocommit=True) as db:
            (may,) = db.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone() or (False,)
            if not may:
                errors.append(f"{urlsplit(url).username}: may not create databases")
                continue
            if not db.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                db.execute(f'CREATE DATABASE "{name}"')
    except psycopg.Error as error:
        errors.append(f"{urlsplit(url).username}: {str(error).strip()}")
        continue
    print(urlunsplit(urlsplit(url)._replace(path=f"/{name}")))
    sys.exit(0)
print("No login to PostgreSQL on 127.0.0.1:5432 works:", *errors, sep="\n  ", file=sys.stderr)
sys.exit(1)
