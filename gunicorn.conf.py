"""The web server, in production and under `make run`. Process settings from the environment:
PORT, WEB_CONCURRENCY.
"""

import os

wsgi_app = "caio_project.wsgi:application"
bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "caio_project.lib.web.worker.DeadlineWorker"  # gthread, with deadlines
threads = 8
preload_app = False  # each worker opens its own connections and threads
timeout = 30  # RB2B gives up after 15 s; a worker silent for twice that is stuck
graceful_timeout = 20
# longer than the proxy in front keeps its connections, so that it never writes into a closed one
keepalive = 65
max_requests = 20_000
max_requests_jitter = 2_000
control_socket_disable = True

accesslog = None  # query strings carry tokens, and visitors' addresses are personal data
errorlog = "-"
loglevel = os.environ.get("GUNICORN_LOG_LEVEL", "info")
logger_class = "caio_project.lib.logs.gunicorn_lines.LineLogger"
