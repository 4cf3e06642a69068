"""The digest of the installed program, which anybody can work out with the shell."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import reconciler
from reconciler.execution.program import digest_program


@pytest.mark.skipif(
    sys.platform == "win32" or not shutil.which("sha256sum"), reason="the command is that of GNU and BusyBox"
)
def test_the_digest_is_that_of_the_shell() -> None:
    """Of the names and digests of all files, in the order of their names."""
    command = (
        "find reconciler -type f ! -path '*/__pycache__/*' | LC_ALL=C sort | xargs sha256sum | sha256sum"
    )
    found = subprocess.run(
        ["bash", "-c", command],  # noqa: S607 - the shell that a reader has
        cwd=Path(reconciler.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )

    assert digest_program() == found.stdout.split()[0]


def test_what_python_made_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed byte, a file more and another name do; what cannot be read has no digest."""
    package = tmp_path / "reconciler"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("one", encoding="utf-8")
    monkeypatch.setattr(reconciler, "__file__", str(package / "__init__.py"))

    def digest() -> str:
        digest_program.cache_clear()
        return digest_program()

    seen = [digest()]
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "a.pyc").touch()
    assert digest() == seen[0]
    (package / "__init__.py").write_text("two", encoding="utf-8")
    seen.append(digest())
    (package / "data" / "a").touch()
    seen.append(digest())
    (package / "data" / "a").rename(package / "data" / "b")
    seen.append(digest())
    assert len(set(seen)) == 4
    monkeypatch.setattr(Path, "read_bytes", lambda _path: (_ for _ in ()).throw(OSError()))
    assert digest() == ""
    digest_program.cache_clear()
