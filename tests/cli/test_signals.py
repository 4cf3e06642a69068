"""A signal in the first milliseconds ends the program with an exit code of the table."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.signals import STOP_SIGNALS

if TYPE_CHECKING:
    import signal
    from pathlib import Path

_INTERRUPTED = """
import os, signal, sys

class Sender:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            signal.raise_signal({number})

sys.meta_path.insert(0, Sender())
sys.argv = ["reconciler", "plan"]
from reconciler.__main__ import main
main()
"""


def _run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", code]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("number", STOP_SIGNALS, ids=lambda each: each.name)
@pytest.mark.parametrize(
    "module", ["reconciler.errors", "reconciler.cli.streams", "reconciler.cli.main", "typer"]
)
def test_a_signal_while_the_program_is_loaded_is_a_refusal(
    module: str, number: signal.Signals, tmp_path: Path
) -> None:
    """Whatever is being imported, the code is 4, and what was written is said."""
    done = _run(_INTERRUPTED.format(module=module, number=number.value), tmp_path)

    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == "Interrupted; nothing was written to the register.\n"


def test_signals_are_answered_before_anything_else_is_loaded(tmp_path: Path) -> None:
    """Nothing that takes time stands before the first statement of the program."""
    code = (
        "import sys, signal\n"
        "before = set(sys.modules)\n"
        "import reconciler.__main__\n"
        "print(sorted(set(sys.modules) - before - {'__future__', 'gc'}))"
    )
    done = _run(code, tmp_path)

    own = ["reconciler", "reconciler.__main__", "reconciler.cli", "reconciler.cli.signals"]
    assert done.stdout == f"{own}\n", done.stderr
