"""What a shell starts in the place of the program does what the program does."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.preloaded import preload

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform == "win32" or not shutil.which("sh"), reason="it forks"),
]
PROGRAM = Path(sys.executable).parent / "reconciler"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Load the program."""
    with preload(tmp_path_factory.mktemp("preloaded"), PROGRAM) as folder:
        yield folder / "reconciler"


@pytest.mark.parametrize(
    "words",
    [
        ["--version"],
        ["validate", "a b.yaml"],
        ["validate"],
        ["explain", "spelling"],
        ["plan", "--nope"],
        ["import", "--from", "-"],
    ],
    ids=" ".join,
)
def test_it_is_the_program(words: list[str], loaded: Path, tmp_path: Path) -> None:
    """The same streams and the same status, for arguments, a folder and variables of its own."""
    (tmp_path / "systems").mkdir()
    (tmp_path / "systems" / "a.yaml").write_text("id: 1\n")
    environ = {"PATH": "", "NO_COLOR": "1"}

    first, second = (
        subprocess.run([each, *words], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
        for each in (PROGRAM, loaded)
    )

    assert (second.returncode, second.stdout, second.stderr) == (first.returncode, first.stdout, first.stderr)


def test_a_signal_reaches_it(loaded: Path, tmp_path: Path) -> None:
    """As that of a shell which ends what runs in the background."""
    words = ["register", "serve", "--format", "json"]
    with subprocess.Popen(
        [loaded, *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as served:
        assert served.stdout is not None
        assert served.stderr is not None
        assert b'"base"' in served.stdout.readline()
        served.send_signal(signal.SIGTERM)
        assert served.stderr.read() == b"Stopped.\n"
    assert served.returncode == 0
