"""One settings file for every way to run; everything that differs comes from the environment.

`.env.example` lists each variable with a comment; a test keeps the two in step. Combinations that
contradict each other are refused by name in `checks.py`, before anything is served or sent.
"""

import os
import sys
import zoneinfo
from pathlib import Path

import environ

from caio_project.lib import run_address
from caio_project.lib.private_files import close_to_others
from caio_project.library_settings import AUTH_PASSWORD_VALIDATORS as AUTH_PASSWORD_VALIDATORS
from caio_project.library_settings import REST_FRAMEWORK as REST_FRAMEWORK
from caio_project.library_settings import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS
from caio_project.library_settings import TEMPLATES as TEMPLATES
from caio_project.library_settings import UNFOLD as UNFOLD
from caio_project.library_settings import task_queues
from caio_project.privacy.data_settings import data_settings
from caio_project.team_access.account_settings import *  # noqa: F403
from caio_project.team_access.single_sign_on.oidc_settings import read_settings
from leads.field_values import countries, stop_entries

BASE_DIR = Path(__file__).resolve().parent.parent

# Zones come from the pinned tzdata, not from the machine: all workers use the same clocks.
zoneinfo.reset_tzpath(())
zoneinfo.ZoneInfo.clear_cache()

env = environ.Env()
environ.Env.read_env(env.str("CAIO_ENV_FILE", default=str(BASE_DIR / ".env")))

# --- Django ---------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
SITE_URL = run_address.site_url(env.str("SITE_URL", default="http://127.0.0.1:8000")).rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
ALLOWED_HOSTS += ["healthcheck.railway.app"]  # the Host of Railway's own health check
CSRF_TRUSTED_ORIGINS = [SITE_URL]
ROOT_URLCONF = "caio_project.urls"
WSGI_APPLICATION = "caio_project.wsgi.application"
APPEND_SLASH = False  # RB2B disconnects on a redirect, so no path has one
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TEAM_TIME_ZONE = env.str("TEAM_TIME_ZONE", default="America/New_York")
TIME_ZONE = TEAM_TIME_ZONE  # what pages show; the database keeps UTC
LANGUAGE_CODE = "en-us"
FORMAT_MODULE_PATH = "caio_project.date_formats"

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "caio_project.team_access.apps.TeamAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    *ACCOUNT_APPS,  # noqa: F405
    "rest_framework",
    "rest_framework_api_key",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "caio_project",
    "caio_project.lib",
    "caio_project.privacy",
    "leads",
    "outreach",
    "approvals",
    "metrics",
]

MIDDLEWARE = [
    "caio_project.lib.web.client_address.ClientAddress",
    "caio_project.lib.web.cookies.BoundedCookies",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "caio_project.lib.logs.requests.RequestIds",
    "caio_project.lib.web.transport.PagesByHttps",
    "caio_project.lib.web.transport.NoStore",
    "caio_project.lib.api.rate_limits.RateLimitHeaders",
    "caio_project.lib.db.probing.ProbeDatabase",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "caio_project.lib.web.client_input.ReadableInput",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "caio_project.lib.web.body_limits.RefuseLargeBodies",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "caio_project.team_access.second_factor.DemandSecondFactor",
    "caio_project.team_access.sessions.session_rows.SeeSessions",
    "caio_project.team_access.reader_zone.ReaderZone",
    "django_htmx.middleware.HtmxMiddleware",
    "caio_project.lib.web.csp.ContentSecurityPolicy",
]

# --- Database -------------------------------------------------------------------------------------
DATABASE_URL = (
    env.str("DATABASE_URL", default="") or f"sqlite:///{BASE_DIR / 'var' / 'caio.sqlite3'}"
)
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
IS_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
if IS_SQLITE:
    # Without these one write in fourteen failed with "database is locked" under four writers.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
    }
    if str(DATABASES["default"]["NAME"]) != ":memory:":
        Path(DATABASES["default"]["NAME"]).parent.mkdir(0o700, parents=True, exist_ok=True)
        for suffix in ("", "-wal", "-shm"):
            close_to_others(Path(f"{DATABASES['default']['NAME']}{suffix}"))
        os.umask(0o077)  # SQLite makes its file when it is first opened
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 3)
ATOMIC_REQUESTS = False  # an HTTP call must never happen inside a transaction

# --- Celery: the broker only wakes; the rows are the queue ----------------------------------------
REDIS_URL = env.str("REDIS_URL", default="")
EMBEDDED = not REDIS_URL
# Where `pump` hears of new rows from the other processes; beside SQLite's file.
DATABASE_FILE = str(DATABASES["default"]["NAME"]) if IS_SQLITE else ":memory:"
NUDGE_SOCKET = (
    BASE_DIR / "var" / "nudges" if DATABASE_FILE == ":memory:" else Path(f"{DATABASE_FILE}-nudges")
)
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_DB_REUSE_MAX = sys.maxsize  # celery.py closes what is broken or old
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE, CELERY_TASK_QUEUES, CELERY_TASK_ROUTES = task_queues()
# A hung Redis blocked a caller for over 40 s with the defaults.
if REDIS_URL:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "socket_connect_timeout": 1,
        "socket_timeout": 2,
        "visibility_timeout": 600,
    }

# Failures to sign in are counted for all processes together; other things each keeps for itself.
CACHES = {
    "default": {
        "BACKEND": "caio_project.lib.db.caches.SharedCache",
        "LOCATION": "leads_sharedvalue",
        "KEY_PREFIX": "caio",
        "OPTIONS": {"redis": REDIS_URL},
    },
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "process"},
}

# --- Web ------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # else WhiteNoise warns at every start
STATICFILES_DIRS = [BASE_DIR / "templates" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 1000  # the form of imports refuses over 500, and says so
X_FRAME_OPTIONS = "DENY"
# Railway's edge is one proxy, and names itself in the environment.
TRUSTED_PROXY_COUNT = env.int(
    "TRUSTED_PROXY_COUNT", default=1 if env.str("RAILWAY_ENVIRONMENT_NAME", default="") else 0
)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
HTTPS = SITE_URL.lower().startswith("https://")  # else no Secure cookie, HSTS or redirect
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_SSL_REDIRECT = False  # of everything: it would disconnect RB2B
REDIRECT_TO_HTTPS = HTTPS and env.bool("SECURE_SSL_REDIRECT", default=True)  # pages only
SILENCED_SYSTEM_CHECKS = ["security.W008"]  # the check that asks for a redirect of everything

# --- Accounts: see team_access/account_settings.py ------------------------------------------------
SECOND_FACTOR_ROLES = env.list("SECOND_FACTOR_ROLES", default=[])
OIDC = read_settings(env)
# --- Mail to the team (never to leads: those leave through GoHighLevel only) ----------------------
EMAIL_URL = env.str("EMAIL_URL", default="")
vars().update(env.email_url_config(EMAIL_URL or "dummymail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="caio@localhost")

# --- The product ----------------------------------------------------------------------------------
from caio_project.operations.figure_settings import *  # noqa: E402, F403, I001
from caio_project.watching.watch_settings import *  # noqa: E402, F403

SANDBOX = env.list("SANDBOX", default=[])  # what may be missing at the start: ghl, clay, rb2b
SANDBOX_FORCE = env.list("SANDBOX_FORCE", default=[])  # those that no page takes live
SPOOL_DIR = Path(env.str("SPOOL_DIR", default=str(BASE_DIR / "var" / "spool")))
SENDER_NAME = env.str("SENDER_NAME", default="")
SENDER_COMPANY = env.str("SENDER_COMPANY", default="ChiefAIOfficer")
POSTAL_ADDRESS = env.str("POSTAL_ADDRESS", default="")
OWN_DOMAINS = [stop_entries.host_or_typed(d) for d in env.list("OWN_DOMAINS", default=[])]
ALLOWED_COUNTRIES = [
    countries.country_or_typed(c) for c in env.list("ALLOWED_COUNTRIES", default=["US"])
]

RB2B_WEBHOOK_TOKENS = env.list("RB2B_WEBHOOK_TOKENS", default=[])
RB2B_ALLOW_UNTOKENED_UNTIL = env.str("RB2B_ALLOW_UNTOKENED_UNTIL", default="")  # a date

CLAY_WORKBOOK_WEBHOOK_URL = env.str("CLAY_WORKBOOK_WEBHOOK_URL", default="")
CLAY_WEBHOOK_AUTH_TOKEN = env.str("CLAY_WEBHOOK_AUTH_TOKEN", default="")
CLAY_CALLBACK_TOKEN = env.str("CLAY_CALLBACK_TOKEN", default="")
CLAY_TIMEOUT_SECONDS = env.int("CLAY_TIMEOUT_SECONDS", default=30)
CLAY_SUBMISSIONS_USED = env.int("CLAY_SUBMISSIONS_USED", default=0)
GHL_BASE_URL = env.str("GHL_BASE_URL", default="https://services.leadconnectorhq.com").rstrip("/")
GHL_API_TOKEN = env.str("GHL_API_TOKEN", default="")
GHL_CLIENT_ID = env.str("GHL_CLIENT_ID", default="")  # of an app by OAuth, in place of the token
GHL_CLIENT_SECRET = env.str("GHL_CLIENT_SECRET", default="")
GHL_LOCATION_ID = env.str("GHL_LOCATION_ID", default="")
GHL_FROM_EMAIL = env.str("GHL_FROM_EMAIL", default="")
GHL_WORKFLOW_ID = env.str("GHL_WORKFLOW_ID", default="")  # who was written to goes on there
GHL_STOP_TAGS = {
    tag.strip().lower()
    for tag in env.str("GHL_STOP_TAGS", default="customer,client,competitor,do-not-contact").split(
        ","
    )
}
GHL_PIPELINE_ID = env.str("GHL_PIPELINE_ID", default="")  # whose open opportunities the gates count
GHL_CALENDAR_ID = env.str("GHL_CALENDAR_ID", default="")
# GHL's own for every app; the retired one for RSA is trusted only where somebody sets it.
GHL_WEBHOOK_PUBLIC_KEY = env.str(
    "GHL_WEBHOOK_PUBLIC_KEY", default="MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg="
)
GHL_WEBHOOK_LEGACY_PUBLIC_KEY = env.str("GHL_WEBHOOK_LEGACY_PUBLIC_KEY", default="")
GHL_WORKFLOW_TOKEN = env.str("GHL_WORKFLOW_TOKEN", default="")
API_RATE_PER_MINUTE = env.int("API_RATE_PER_MINUTE", default=600)  # of each API key
WEBHOOKS_OUT_LOOPBACK = env.bool("WEBHOOKS_OUT_LOOPBACK", default=False)  # for tests
# For the health of the sending domain.
DNS_SERVER = env.str("DNS_SERVER", default="")  # ip:port; the machine's own resolver otherwise
DKIM_SELECTORS = env.list("DKIM_SELECTORS", default=[])
SLACK_BOT_TOKEN = env.str("SLACK_BOT_TOKEN", default="")
SLACK_CHANNEL = env.str("SLACK_CHANNEL", default="#sales-bot")
SLACK_SIGNING_SECRET = env.str("SLACK_SIGNING_SECRET", default="")
DIGEST_AT = env.list("DIGEST_AT", default=["09:00", "14:00"])
DAILY_DIGEST_AT = env.str("DAILY_DIGEST_AT", default="08:30")
WEEKLY_DIGEST_ON = env.str("WEEKLY_DIGEST_ON", default="monday").lower()
WEEKLY_DIGEST_AT = env.str("WEEKLY_DIGEST_AT", default="08:30")
SLACK_BASE_URL = env.str("SLACK_BASE_URL", default="https://slack.com/api/")

# A language model that rewords drafts: any endpoint that speaks OpenAI's chat completions.
LLM_BASE_URL = env.str("LLM_BASE_URL", default="").rstrip("/")
LLM_API_KEY = env.str("LLM_API_KEY", default="")
LLM_MODEL = env.str("LLM_MODEL", default="")
LLM_TIMEOUT_SECONDS = env.int("LLM_TIMEOUT_SECONDS", default=20)
LLM_DAILY_TOKENS = env.int("LLM_DAILY_TOKENS", default=300000)

# With DEBUG a vendor without settings is in the sandbox; otherwise nothing boots until it is named.
GHL_ACCESS = (
    ("GHL_CLIENT_ID", "GHL_CLIENT_SECRET")
    if GHL_CLIENT_ID or GHL_CLIENT_SECRET
    else ("GHL_API_TOKEN",)
)
VENDOR_SETTINGS = {
    "ghl": (*GHL_ACCESS, "GHL_LOCATION_ID", "GHL_FROM_EMAIL"),
    "clay": ("CLAY_WORKBOOK_WEBHOOK_URL", "CLAY_CALLBACK_TOKEN"),
}
UNCONNECTED = [v for v, names in VENDOR_SETTINGS.items() if not all(map(globals().get, names))]
SANDBOXED = sorted({*SANDBOX, *SANDBOX_FORCE, *(UNCONNECTED if DEBUG else [])} - {"rb2b"})

INTENT_MONITOR_ENABLED = env.bool("INTENT_MONITOR_ENABLED", default=True)
EMERGENCY_STOP = env.bool("EMERGENCY_STOP", default=False)
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")  # for Prometheus at /metrics; unset: 404
QUEUE_STATUS_DETAIL = env.bool("QUEUE_STATUS_DETAIL", default=True)

# Looser values than these are accepted only while GHL_BASE_URL is a loopback address (checks.py).
UNDO_SECONDS = env.int("UNDO_SECONDS", default=30)
SEND_GAP_SECONDS = env.int("SEND_GAP_SECONDS", default=45)
HOURLY_LIMIT = env.int("HOURLY_LIMIT", default=15)
DOMAIN_HOURLY_LIMIT = env.int("DOMAIN_HOURLY_LIMIT", default=3)
WORKING_HOURS = env.str("WORKING_HOURS", default="08:00-18:00")
REREADING_ONE_IN = env.int("REREADING_ONE_IN", default=5)
GIT_COMMIT = env.str("GIT_COMMIT", default=env.str("RAILWAY_GIT_COMMIT_SHA", default=""))
vars().update(data_settings(env, BASE_DIR))  # personal data: erasures, retention
