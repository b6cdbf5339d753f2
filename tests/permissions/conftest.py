from collections.abc import Iterator

import pytest

from tests.permissions import table_hashes


@pytest.fixture(autouse=True)
def hashes_are_kept(db: None) -> Iterator[None]:
    with table_hashes.hashes_kept():
        yield
