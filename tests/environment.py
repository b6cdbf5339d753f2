"""The settings of the tests, set before Django reads its own; no .env is read."""

import os

os.environ.update(
    {
        "CAIO_ENV_FILE": os.devnull,
        "DEBUG": "false",
        "SECRET_KEY": "tests-only-" + "x" * 50,
        "SITE_URL": "http://localhost",
        "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
        "SANDBOX": "ghl,clay",
        "TEAM_TIME_ZONE": "America/New_York",
        "RB2B_WEBHOOK_TOKENS": "test-token-0123456789,next-token-0123456789",
        "SENDER_NAME": "Alex Moreno",
        "POSTAL_ADDRESS": "1 Example Street, Columbus, OH 43004",
        "OWN_DOMAINS": "ours.example.com",
        "EMAIL_URL": "",
        "REDIS_URL": os.environ.get("REDIS_URL", ""),
        "DATABASE_URL": os.environ.get("DATABASE_URL", "sqlite://:memory:"),
        # Playwright's sync API runs an event loop in the test's thread.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
    }
)
