"""Where the link to a customer's page is shown: on a terminal, or else in a file for its owner alone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.check_session import _tell as tell
from reconciler.model.customers import AGENT, STANDARD, AccessRequest, Asking, Triple
from reconciler.model.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

LINK = "https://am.ui.example/systemuser/request?id=x"
TRIPLE = Triple("991825827_a", "310904473", "reconciler-check")


@pytest.mark.parametrize(
    ("terminal", "environ", "shown"),
    [(True, "", True), (True, "true", False), (False, "", False)],
    ids=["terminal", "runner with a terminal", "log"],
)
def test_where_the_link_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    terminal: bool,
    environ: str,
    shown: bool,
) -> None:
    """A person sees it at once; a log names the file that holds it."""
    monkeypatch.setenv("CI", environ)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    page = tmp_path / "x.link"
    tell(page, AccessRequest("x", STANDARD, TRIPLE, "New", Asking(), link=Secret(LINK)))
    said = capsys.readouterr()

    assert ((LINK in said.err), page.exists()) == (shown, not shown)
    assert said.out == ""
    if not shown:
        assert str(page) in said.err
        assert (page.read_text().strip(), page.stat().st_mode & 0o777) == (LINK, 0o600)


@pytest.mark.parametrize(("kind", "has_to_hold"), [(STANDARD, True), (AGENT, False)], ids=str)
def test_who_may_say_yes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, *, has_to_hold: bool
) -> None:
    """For the customer itself an access manager has to hold what is asked for (System users contract §1)."""
    tell(tmp_path / "x.link", AccessRequest("x", kind, TRIPLE, "New", Asking(), link=Secret(LINK)))
    said = capsys.readouterr().err

    assert "An access manager of 310904473" in said
    assert ("has to hold all that is asked for" in said) is has_to_hold
