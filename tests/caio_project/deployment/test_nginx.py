"""The site of docs/linux/nginx.conf in nginx as a process, before gunicorn. Own ports and files."""

import datetime
import json
import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.db import connection

from bench import world
from caio_project.lib.models import AccessEvent
from caio_project.operations.deployment_check.headers import header_troubles
from leads.models import InboundEvent
from tests.caio_project.operations.test_run import eventually, free_port
from tests.conftest import find_nginx
from tests.races import conftest as races

pytestmark = [pytest.mark.nginx, pytest.mark.sqlite_is_enough]
ROOT = Path(settings.BASE_DIR)
SITE = (ROOT / "docs/linux/nginx.conf").read_text()
HOST = "caio.example.com"
FORGED = "203.0.113.9"
# Around the site, in place of Debian's /etc/nginx/nginx.conf.
MAIN = """
daemon off; {user}
pid {at}/nginx.pid;
error_log {at}/main.log info;
events {{}}
http {{
    access_log {at}/access.log;
    client_body_temp_path {at}/body; proxy_temp_path {at}/proxy;
    fastcgi_temp_path {at}/fastcgi; uwsgi_temp_path {at}/uwsgi; scgi_temp_path {at}/scgi;
    include {at}/site.conf;
}}
"""


def make_certificate(at: Path) -> None:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (at / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    kind = serialization.PrivateFormat.PKCS8
    raw = key.private_bytes(serialization.Encoding.PEM, kind, plain)
    (at / "privkey.pem").write_bytes(raw)


def database_url() -> str:
    if connection.vendor == "sqlite":
        return f"sqlite:///{connection.settings_dict['NAME']}"
    return races.database_url()


@dataclass
class Site:
    folder: Path
    http: int
    https: int
    nginx: "subprocess.Popen[bytes]"

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[HTTPResponse, bytes]:
        context = ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))
        context.check_hostname = False
        there = HTTPSConnection("127.0.0.1", self.https, context=context, timeout=60)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        there.request(method, path, body, {"Host": HOST, **given})
        answer = there.getresponse()
        raw = answer.read()
        there.close()
        return answer, raw

    def logged(self) -> str:
        return "".join(path.read_text() for path in self.folder.glob("*.log"))


@pytest.fixture
def site(committed: None, tmp_path: Path) -> Iterator[Site]:
    env = product_settings(tmp_path)
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
        cwd=ROOT,
        env=env,
        check=True,
    )
    ports = free_port(), free_port()
    with world.run_web(env, "/webhooks/rb2b/health") as url:
        make_certificate(tmp_path)
        write_configuration(tmp_path, *ports, url.partition("//")[2])
        command = [find_nginx(), "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
        subprocess.run([*command, "-t", "-q"], check=True)
        nginx = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            eventually(lambda: is_listening(ports[1]))
            yield Site(tmp_path, *ports, nginx)
        finally:
            nginx.terminate()
            nginx.wait(60)


def is_listening(port: int) -> bool:
    there = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        there.connect()
    except OSError:
        return False
    there.close()
    return True


def product_settings(folder: Path) -> dict[str, str]:
    """The environment of docs/linux.md; static files go where no other test looks."""
    module = f"from caio_project.settings import *\nSTATIC_ROOT = {str(folder / 'static')!r}\n"
    (folder / "site_settings.py").write_text(module)
    (folder / "static").mkdir()
    return world.product_environment(
        DJANGO_SETTINGS_MODULE="site_settings",
        PYTHONPATH=f"{folder}:{ROOT}",
        DATABASE_URL=database_url(),
        REDIS_URL="",
        SITE_URL=f"https://{HOST}",
        ALLOWED_HOSTS=f"{HOST},127.0.0.1",
        TRUSTED_PROXY_COUNT="1",
        SPOOL_DIR=str(folder / "spool"),
        ERASURES_FILE=str(folder / "erasures.jsonl"),
    )


def write_configuration(at: Path, http: int, https: int, gunicorn: str) -> None:
    """The site as it is in docs/, but for ports and paths of the machine."""
    instead = {
        "listen 80;": f"listen 127.0.0.1:{http};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{https} ssl http2;",
        f"/etc/letsencrypt/live/{HOST}/": f"{at}/",
        "/var/log/nginx/": f"{at}/",
        "http://127.0.0.1:8000;": f"http://{gunicorn};",
    }
    text = SITE
    for theirs, ours in instead.items():
        assert theirs in text
        text = text.replace(theirs, ours)
    (at / "site.conf").write_text(text)
    user = "user root;" if os.getuid() == 0 else ""  # else its workers may not read our folder
    (at / "nginx.conf").write_text(MAIN.format(at=at, user=user))


def test_the_site_before_gunicorn(site: Site) -> None:
    check_health_and_redirect(site)
    check_webhook(site)
    check_static_files(site)
    check_who_signs_in(site)
    check_logs_without_tokens(site)


def check_health_and_redirect(site: Site) -> None:
    answer, raw = site.ask("/api/health/live")
    assert answer.status == 200 and json.loads(raw)["status"]
    assert header_troubles(answer.headers, https=True) == []

    plain = HTTPConnection("127.0.0.1", site.http, timeout=60)
    path = f"/webhooks/rb2b?token={world.TOKEN}"
    plain.request("GET", path, headers={"Host": HOST})
    moved = plain.getresponse()
    assert (moved.status, moved.headers["Location"]) == (301, f"https://{HOST}{path}")
    plain.close()


def check_webhook(site: Site) -> None:
    right, wrong = (f"/webhooks/rb2b?token={token}" for token in (world.TOKEN, "wrong"))
    body = b'{"LinkedIn URL": "https://www.linkedin.com/in/a"}'
    assert site.ask(wrong, "POST", body)[0].status == 401
    assert not InboundEvent.objects.exists()
    assert site.ask(right, "POST", body)[0].status == 200
    assert bytes(InboundEvent.objects.get().body) == body
    # An import of 10 MB comes through; what is larger ends at nginx and is stored nowhere.
    assert site.ask(right, "POST", b"x" * 10_500_000)[0].status == 200
    assert site.ask(right, "POST", b"x" * 12_600_000)[0].status == 413
    assert InboundEvent.objects.count() == 2


def check_static_files(site: Site) -> None:
    _, page = site.ask("/accounts/login/")
    [path] = re.findall(rb'href="(/static/caio/[\w.]+\.css)"', page)
    answer, raw = site.ask(path.decode(), Accept_Encoding="gzip")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/css")
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Encoding"] == "gzip" and raw[:2] == b"\x1f\x8b"


def check_who_signs_in(site: Site) -> None:
    """The address is who connected to nginx, not what a header says."""
    answer, page = site.ask("/accounts/login/")
    assert header_troubles(answer.headers, https=True) == []
    cookie = answer.headers["Set-Cookie"]
    assert "Secure" in cookie
    [mark] = set(re.findall(rb'name="csrfmiddlewaretoken" value="(\w+)"', page))
    body = b"login=nobody&password=wrong&csrfmiddlewaretoken=" + mark
    refused, _ = site.ask(
        "/accounts/login/", "POST", body, Cookie=cookie.partition(";")[0],
        Content_Type="application/x-www-form-urlencoded", Referer=f"https://{HOST}/",
        X_Forwarded_For=FORGED,
    )  # fmt: skip
    assert refused.status == 200
    event = AccessEvent.objects.get(kind=AccessEvent.Kind.PASSWORD_REFUSED)
    assert event.address == "127.0.0.1"


def check_logs_without_tokens(site: Site) -> None:
    """Also where gunicorn is away, which nginx would log with the whole address."""
    write_configuration(site.folder, site.http, site.https, f"127.0.0.1:{free_port()}")
    site.nginx.send_signal(signal.SIGHUP)
    path = f"/webhooks/rb2b?token={world.TOKEN}"
    eventually(lambda: site.ask(path, "POST", b"{}")[0].status == 502)
    assert world.TOKEN not in site.logged()
