"""Settings of libraries that are the same in every environment: passwords, templates, API, admin
theme.
"""

from pathlib import Path

from django.templatetags.static import static
from kombu import Queue

from caio_project.schedule import DEFAULT_QUEUE, QUEUE_OF, QUEUES

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).resolve().parent.parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "caio_project.context.page_status",
                "caio_project.context.sign_in_ways",
            ],
            "builtins": ["caio_project.lib.templatetags.say"],
        },
    }
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "caio_project.lib.web.api_keys.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["caio_project.lib.web.api_keys.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "caio_project.lib.api.schema.ApiSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "caio_project.lib.web.problems.as_problem",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CAIO",
    "DESCRIPTION": "From a website visit to a reviewed, sent email. "
    "Errors are RFC 9457 problem JSON.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "ENUM_NAME_OVERRIDES": {
        "LeadKindEnum": "leads.models.Kind",
        "SuppressionReasonEnum": "leads.models.Suppression.Reason",
    },
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

UNFOLD = {
    "SITE_TITLE": "CAIO",
    "SITE_HEADER": "CAIO",
    "SITE_SYMBOL": "outgoing_mail",
    "SITE_URL": "/sales",
    "SHOW_HISTORY": True,
    "ENVIRONMENT": "caio_project.context.admin_badge",
    "SIDEBAR": {
        "show_search": True,
        "navigation": "caio_project.team_access.admin_groups.sidebar_groups",
    },
    "STYLES": [lambda request: static("caio/admin.css")],
    "COLORS": {
        "primary": {
            "50": "#f1f6fe",
            "100": "#e0ecfd",
            "200": "#c5dafb",
            "300": "#a9caff",
            "400": "#8bb8ff",
            "500": "#5b96f0",
            "600": "#1f5fbf",
            "700": "#184c99",
            "800": "#153d78",
            "900": "#14315d",
            "950": "#0d1f3c",
        }
    },
}


def task_queues() -> tuple[str, list[Queue], dict[str, dict[str, str]]]:
    """Celery's default queue, all queues, and the queue of each task that has another."""
    routes = {task: {"queue": queue} for task, queue in QUEUE_OF.items()}
    return DEFAULT_QUEUE, [Queue(name) for name in (DEFAULT_QUEUE, *QUEUES)], routes
