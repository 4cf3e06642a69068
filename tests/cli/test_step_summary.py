"""The summary of a step: where each platform takes it, and what it cannot become."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.cli.step_summary import show_failure, show_summary
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def never() -> str:
    """Fail where something is rendered that nobody shows."""
    raise AssertionError


@pytest.mark.parametrize(
    "environ", [{}, {"TF_BUILD": "True"}, {"AGENT_TEMPDIRECTORY": "/nowhere"}, {"CI": "true"}]
)
def test_elsewhere_nothing_is_rendered(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """A person's machine has no summary, nor has an agent without a folder."""
    show_summary("plan", never, environ)

    assert capsys.readouterr() == ("", "")


def test_github_takes_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is added to what is there."""
    path = tmp_path / "summary"

    show_summary("plan", lambda: "æ\n", {"GITHUB_STEP_SUMMARY": str(path)})

    assert path.read_text(encoding="utf-8") == "æ\n"
    assert capsys.readouterr() == ("", "")


def test_azure_is_told_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each summary of a job has a file of its own, and stdout stays the result's."""
    folder = tmp_path / "50%"
    folder.mkdir()
    environ = {"TF_BUILD": "True", "AGENT_TEMPDIRECTORY": str(folder)}

    show_summary("plan", lambda: "one æ\n", environ)
    show_summary("plan", lambda: "two\n", environ)

    out, err = capsys.readouterr()
    texts = [path.read_text(encoding="utf-8") for path in folder.glob("reconciler-plan-*.md")]
    assert sorted(texts) == ["one æ\n", "two\n"]
    encoded = str(folder).replace("%", "%AZP25")
    lines = {f"##vso[task.uploadsummary]{encoded}/{path.name}" for path in folder.iterdir()}
    assert (out, set(err.splitlines())) == ("", lines)


def test_what_stopped_a_run_is_its_summary(tmp_path: Path) -> None:
    """The sentence and the hint, as plain words: they may name what somebody else wrote."""
    path = tmp_path / "summary"
    error = UsageError("There is no format `<b>`.", hint="Did you mean\n`json`?")

    show_failure(error, ["-v", "plan", "--format", "<b>"], {"GITHUB_STEP_SUMMARY": str(path)})

    assert path.read_text(encoding="utf-8") == (
        "### `plan` stopped\n\nThere is no format &#96;&#60;b&#62;&#96;.\n\nDid you mean\n&#96;json&#96;?\n"
    )


def test_what_is_said_already_is_not_said_again(tmp_path: Path) -> None:
    """Where a verb has said how to go on, the reason is left."""
    path = tmp_path / "summary"
    error = UsageError("It is stale.", hint="Plan again.")
    error.explained = True

    show_failure(error, ["apply"], {"GITHUB_STEP_SUMMARY": str(path)})

    assert path.read_text(encoding="utf-8") == "### `apply` stopped\n\nIt is stale.\n"


def test_a_summary_that_cannot_be_written_hides_nothing(tmp_path: Path) -> None:
    """What stopped the run is on stderr already."""
    show_failure(UsageError("x"), ["plan"], {"GITHUB_STEP_SUMMARY": str(tmp_path)})
