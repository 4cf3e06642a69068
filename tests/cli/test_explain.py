"""The pages of `explain` fit a terminal."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from reconciler.cli.explain import app
from reconciler.planning.explanation import read_explanations


@pytest.mark.parametrize("name", read_explanations())
def test_a_page_fits_80_columns(name: str) -> None:
    """No line is wider, but for one that is a single word."""
    done = CliRunner().invoke(app, [name])

    assert done.exit_code == 0
    assert [line for line in done.stdout.splitlines() if len(line) > 80 and " " in line.strip()] == []


def test_wrapping_loses_no_word() -> None:
    """A page says the same in lines of 80 columns."""
    known = read_explanations()["AUTH.VLD-00008"]
    done = CliRunner().invoke(app, [known.id])

    assert " ".join(known.page.split()) in " ".join(done.stdout.split())
