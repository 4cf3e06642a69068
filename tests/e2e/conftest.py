"""A repository with one definition, and a served register that it points at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.served import Repository, Served, start_served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Make a repository with one definition."""
    made = Repository(tmp_path)
    made.define()
    return made


@pytest.fixture
def served(private_key: RSAPrivateKey, repository: Repository) -> Iterator[Served]:
    """Serve a register, and point the repository at it."""
    with start_served(private_key) as emulator:
        one = Served(emulator, private_key)
        repository.configure(emulator.base, emulator.maskinporten)
        repository.environ = one.environ
        yield one
