"""Wrong definitions of which none can be planned: in a log, each finding stands once as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from reconciler.cli.plan import app

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """Make a repository whose only definition is no YAML."""
    (tmp_path / "systems").mkdir()
    (tmp_path / "systems" / "odd.yaml").write_text("{{{{\n")
    return tmp_path


@pytest.mark.parametrize(
    ("form", "stdout", "stderr"),
    [("text", 0, 1), ("github", 1, 0), ("azure", 1, 0), ("markdown", 0, 1), ("json", 0, 1)],
)
def test_a_finding_stands_once_in_a_log(wrong: Path, form: str, stdout: int, stderr: int) -> None:
    """The formats for a log hold the text themselves; what another program reads does not."""
    done = CliRunner().invoke(app, ["--root", str(wrong), "--environment", "local", "--format", form])

    listed = re.compile(r"^systems/odd\.yaml:\d+:\d+: error ", re.MULTILINE)
    assert done.exit_code == 1
    assert (len(listed.findall(done.stdout)), len(listed.findall(done.stderr))) == (stdout, stderr)
    assert done.stderr.endswith("The register was not asked anything: fix the errors first.\n")
