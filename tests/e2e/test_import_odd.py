"""A vendor with hundreds of odd systems, in two environments, starts with one command each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.test_import import hold
from tests.odd_systems import make_other, make_systems
from tests.served import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", [24, pytest.param(500, marks=pytest.mark.thorough)])
def test_two_registers_of_odd_systems(number: int, tmp_path: Path, private_key: RSAPrivateKey) -> None:
    """After each import the plan is empty, the files are in canonical form, and no rule finds an error."""
    repository = Repository(tmp_path / "repository")
    repository.root.mkdir()
    systems = make_systems(number, 1)
    with (
        hold(private_key, systems, repository, "first"),
        hold(private_key, make_other(systems, 2), repository, "second"),
    ):
        for environment in ("first", "second"):
            imported = repository.run("import", "--all", "-e", environment, timeout=300)
            assert imported.returncode == 0, imported.stdout[-2000:] + imported.stderr[-2000:]
        for environment in ("first", "second"):
            planned = repository.run("plan", "--exit-code", "-e", environment, timeout=300)
            assert planned.returncode == 0, planned.stdout[-2000:]
        formatted = repository.run("fmt", "--check", timeout=300)
        assert formatted.returncode == 0, formatted.stdout[-2000:]
        validated = repository.run("validate", timeout=300)
        assert validated.returncode == 0, validated.stdout[-2000:]
        again = repository.run("import", "--all", "-e", "first", timeout=300)
        assert again.stdout.splitlines() == [f"0 files written; plan: {number} unchanged"]
