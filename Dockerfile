# Not built where this was written (no Docker daemon); its steps were run by hand, the same lock file in a clean environment.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 CAIO_ENV_FILE=/dev/null
WORKDIR /app
RUN useradd --system --home-dir /var/lib/caio --create-home caio && install -d -o caio -g caio -m 750 /var/lib/caio/spool
COPY requirements.txt .
RUN pip install --require-hashes -r requirements.txt
COPY . .
# Made-up values: nothing is connected to, and none of them stays in the image's environment.
RUN DEBUG=false SECRET_KEY=only-while-the-image-is-built-0123456789-abcdefghij \
    SANDBOX=ghl,clay RB2B_WEBHOOK_TOKENS=only-for-the-build-0123456789 SENDER_NAME=Build POSTAL_ADDRESS=Build \
    SITE_URL=https://caio.example.com ALLOWED_HOSTS=caio.example.com DATABASE_URL=sqlite:////tmp/build.sqlite3 \
    python manage.py collectstatic --noinput
ARG GIT_COMMIT=unknown
ENV GIT_COMMIT=$GIT_COMMIT SPOOL_DIR=/var/lib/caio/spool
USER caio
VOLUME /var/lib/caio
EXPOSE 8000
CMD ["gunicorn", "--config", "gunicorn.conf.py"]
