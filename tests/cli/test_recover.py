"""`reconciler recover` where there is nothing to look at: what it says, and what it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from reconciler.cli.recover import app
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("exists", [False, True], ids=["no folder", "empty folder"])
def test_without_a_journal_and_a_repository_there_is_nothing_to_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, exists: bool
) -> None:
    """The folder that was named is what is wrong, and no change log is promised."""
    monkeypatch.chdir(tmp_path)
    if exists:
        (tmp_path / "kept").mkdir()

    done = CliRunner().invoke(app, ["--journal", "kept"])

    assert done.output == ""
    assert isinstance(done.exception, UsageError)
    assert done.exception.message == "There is no journal in kept."
    assert done.exception.hint == "Check the folder; to ask for change logs, name the repository with --root."
