"""What a process takes at its peak; the benchmark has the figures, and these hold that they stay what they are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import VENDOR, a_definition_text
from tests.served import Repository

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
LAUNCHER = Path(__file__).parents[1] / "bench" / "launcher.py"
"""Stays small itself: a process inherits the peak of the one that started it."""


@pytest.fixture(name="repository")
def _repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def _fill(repository: Repository, size: int) -> None:
    for number in range(size):
        name = f"{VENDOR}_system{number:05}"
        client = f"00000000-0000-4000-8000-{number:012}"
        repository.write(f"{name}.yaml", a_definition_text(id=name, clientId=[client]))


def _measure(repository: Repository, *words: str) -> float:
    """Run the program, and give the peak of its memory in MB."""
    program = [sys.executable, "-m", "reconciler", *words]
    output = [str(repository.root / name) for name in ("out.txt", "err.txt")]
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(LAUNCHER), *output, *program],
        cwd=repository.root,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["code"] == 0
    return float(found["peak"]) / 1e6


@pytest.mark.skipif(sys.platform == "win32", reason="the peak is asked of POSIX")
def test_a_definition_takes_little_memory(repository: Repository) -> None:
    """1,000 are checked within 60 MB, and 2,000 more take less than 8 kB each: no tree is kept, no part twice."""
    _fill(repository, 1000)
    few = _measure(repository, "validate")
    _fill(repository, 3000)
    many = _measure(repository, "validate")

    assert few < 60
    assert (many - few) / 2000 * 1000 < 8
