import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from caio_project.lib.models import FileImport

PATH = "/sales/imports"
Give = Callable[..., Any]


@pytest.fixture
def page(client: Client, lead_user: User) -> Client:
    client.force_login(lead_user)
    return client


@pytest.fixture
def give(page: Client) -> Give:
    """Give files (name: content) of a kind as a Lead; the answer is the page that follows."""

    def post(kind: str, files: dict[str, str | bytes], **options: Any) -> Any:
        uploads = [
            SimpleUploadedFile(name, one.encode() if isinstance(one, str) else one)
            for name, one in files.items()
        ]
        return page.post(PATH, {"kind": kind, "file": uploads, **options}, follow=True)

    return post


def text_of(answer: Any) -> str:
    """The words of a page, as somebody reads them."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())).split())


def words_of_newest(page: Client) -> str:
    return text_of(page.get(f"{PATH}/{FileImport.objects.first().public_id}"))  # type: ignore[union-attr]
