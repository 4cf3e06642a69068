"""`evidence --verify` on files that somebody else made: refused in a sentence, and nothing is written anywhere."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from reconciler.cli.main import app
from reconciler.errors import UsageError
from reconciler.execution.stored_zip import write_zip
from reconciler.operations.evidence import MEMBERS, collect_evidence
from tests.operations.test_evidence import a_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _verify(path: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["evidence", "--verify", str(path), "--offline", *words])
    return done.exit_code, done.output


def _bomb() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("plan.json", bytes(5_000_000))
    return held.getvalue()


def _link() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        entry = zipfile.ZipInfo("plan.json")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(entry, b"/etc/passwd")
    return held.getvalue()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_bomb, "the file: it is cut off."),
        (_link, "the file: byte "),
        (lambda: write_zip({"../../plan.json": b"{}"}), "a member that does not belong there"),
        (lambda: write_zip({"/etc/plan.json": b"{}"}), "a member that does not belong there"),
        (lambda: write_zip({"\x1b[2J::error::x": b""}), "a member that does not belong there"),
        (lambda: write_zip(dict.fromkeys(MEMBERS, b"")), "manifest.json: it cannot be read."),
        (lambda: write_zip(dict.fromkeys(MEMBERS, b"[" * 100_000)), "manifest.json: it cannot be read."),
        (lambda: b"\x00" * 1000, "the file: it is no zip file that this program wrote."),
    ],
    ids=["bomb", "link", "upwards", "absolute", "escapes", "empty", "deep", "zeros"],
)
def test_a_hostile_file_is_refused(tmp_path: Path, make: Callable[[], bytes], said: str) -> None:
    """With 1 and one line about it, and nothing that steers a terminal or a runner."""
    path = tmp_path / "evidence.zip"
    path.write_bytes(make())

    code, output = _verify(path)

    assert (code, said in output, "\x1b" in output, "\n::" in output) == (1, True, False, False), output
    assert output.endswith("The file does not prove anything: it is not as it was written.\n")
    assert os.listdir(tmp_path) == ["evidence.zip"]  # noqa: PTH208 - the names alone
    code, output = _verify(path, "--format", "json")
    assert (code, json.loads(output)["problems"] != []) == (1, True)


def test_a_file_has_a_measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is larger is not looked at; nor is a folder, or what is not there."""
    monkeypatch.setattr("reconciler.cli.evidence.MOST_BYTES", 1000)
    path = tmp_path / "evidence.zip"
    with path.open("wb") as stream:
        stream.truncate(1001)
    for each in (path, tmp_path / "nothing.zip", tmp_path):
        done = CliRunner().invoke(app, ["evidence", "--verify", str(each), "--offline"])
        assert isinstance(done.exception, UsageError), each


def test_a_sound_file_is_said_to_be_sound(tmp_path: Path) -> None:
    """Without a repository, a credential or a network, and with its run and its plan."""
    run = a_run(tmp_path / "journal")
    path = tmp_path / "evidence.zip"
    path.write_bytes(collect_evidence(run))

    code, output = _verify(path, "-e", "prod")

    assert code == 0
    start = run.start
    at = start.at[:19].replace("T", " ")
    assert output == (
        f"ok      run {start.run} of {at} UTC: plan {start.digest[:12]}, tt02\n"
        "The file is sound. The register was not asked.\n"
    )
