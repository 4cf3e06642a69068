"""One emulator for a module of tests: each case takes systems that nobody has used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.execution.stage import Stage, open_stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


@pytest.fixture(scope="module")
def _shared(private_key: RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with open_stage(private_key, tmp_path_factory.mktemp("journal")) as stage:
        yield stage


@pytest.fixture
def stage(_shared: Stage, tmp_path: Path) -> Iterator[Stage]:
    """Give the shared emulator, with no fault set, an empty access log and a folder of its own."""
    _shared.folder = tmp_path / "journal"
    _shared.reported.clear()
    _shared.heal()
    _shared.control("DELETE", "log")
    yield _shared
    _shared.heal()
