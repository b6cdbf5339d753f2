"""What stands before Django: a content type that names a codec of Python is none of ours."""

import io
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application

from caio_project.lib import charset


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("", ""),
        ("application/json", "application/json"),
        ("application/json; charset=zlib", "application/json"),
        ('application/json;CHARSET = "x;y" ; v=1', "application/json ; v=1"),
        ("multipart/form-data; charset=hex; boundary=abc", "multipart/form-data; boundary=abc"),
        ("multipart/form-data; boundary=charset", "multipart/form-data; boundary=charset"),
    ],
)
def test_only_the_charset_is_taken_away(said: str, left: str) -> None:
    assert charset.drop_charset({"CONTENT_TYPE": said, "X": 1}) == {"CONTENT_TYPE": left, "X": 1}


@pytest.mark.django_db  # Django looks at open connections at the start of each request
@pytest.mark.parametrize("name", ["zlib", "hex", "rot13", "utf-16"])
def test_no_charset_ends_in_an_error(name: str) -> None:
    said: list[str] = []

    def start(status: str, headers: Any, *_: Any) -> None:
        said.append(status)

    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/api/health/live",
        "QUERY_STRING": "a=%ff",
        "CONTENT_TYPE": f"application/json; charset={name}",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
    }
    charset.always_utf8(get_wsgi_application())(environ, start)
    assert said and said[0][0] != "5"
