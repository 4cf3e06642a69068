"""What only POSIX has is not needed: every module is imported and the main verbs run without it."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import reconciler
from tests.posixless import without_posix
from tests.posixless.without_posix import MODULES

if TYPE_CHECKING:
    from tests.served import Repository

pytestmark = pytest.mark.thorough

TOMORROW = f"{datetime.now(UTC).date() + timedelta(1)}"
PACKAGE = Path(reconciler.__file__).parent
ATTRIBUTES = {
    "os": (
        *(
            "O_NOFOLLOW",
            "O_NONBLOCK",
            "O_CLOEXEC",
            "O_DIRECTORY",
            "O_SYNC",
            "O_DSYNC",
            "pwrite",
            "pread",
            "fchmod",
        ),
        *("fchown", "chown", "lchown", "lchmod", "mkfifo", "mknod", "getuid", "geteuid", "getgid", "getegid"),
        *(
            "getgroups",
            "getlogin",
            "fork",
            "forkpty",
            "killpg",
            "setsid",
            "getpgid",
            "sendfile",
            "nice",
            "sync",
        ),
        *("fdatasync", "chroot", "statvfs", "posix_fallocate", "openpty", "ttyname", "setuid", "setgid"),
    ),
    "signal": (
        "SIGHUP",
        "SIGALRM",
        "SIGUSR1",
        "SIGUSR2",
        "SIGQUIT",
        "SIGPIPE",
        "SIGTSTP",
        "SIGKILL",
        "alarm",
    ),
    "socket": ("AF_UNIX",),
    "time": ("tzset",),
}
"""Attributes that Windows lacks, by module (https://docs.python.org/3/library/os.html, "Availability")."""
WITHOUT = f"""
import sys
sys.path.append({str(Path(without_posix.__file__).parent)!r})
from without_posix import remove_modules
remove_modules()
import os, signal, socket, time
import asyncio, multiprocessing, subprocess, tempfile, sqlite3
for module, names in {ATTRIBUTES!r}.items():
    for name in names:
        if hasattr(sys.modules[module], name) and module != "socket":  # a library asks this kernel for it
            delattr(sys.modules[module], name)
"""
"""The standard library itself goes on with what this system has: it is our code that is looked at."""
MAIN = "from reconciler.__main__ import main\nmain()"
NO_LOCK = "import reconciler.platform\nreconciler.platform._MSVCRT = None"


def run(root: Path, code: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program in which those modules and attributes are missing; it has the lock of Windows."""
    kept = {"PATH": os.environ["PATH"], "HOME": str(root), "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", f"{WITHOUT}\nsys.argv = {['reconciler', *words]!r}\n{code}"],
        cwd=root,
        env={**kept, "XDG_STATE_HOME": str(root / ".state")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def test_every_module_is_imported_without_posix(tmp_path: Path) -> None:
    """G6: nothing is asked for at import that only POSIX has."""
    names = [
        ".".join(("reconciler", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name != "__main__.py"
    ]
    code = (
        f"from importlib import import_module\nfor name in {names!r}:\n    import_module(name)\nprint('all')"
    )

    done = run(tmp_path, code)

    assert (done.stdout, done.stderr) == ("all\n", "")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("validate",), 0),
        (("fmt",), 0),
        (("plan", "--exit-code"), 3),
        pytest.param(("validate", "--format", "sarif", "systems"), 0, marks=pytest.mark.slow),
        pytest.param(("drift",), 3, marks=pytest.mark.slow),
        pytest.param(("recover",), 0, marks=pytest.mark.slow),
        pytest.param(("explain", "yaml-syntax"), 0, marks=pytest.mark.slow),
        pytest.param(("schema", "plan"), 0, marks=pytest.mark.slow),
    ],
)
def test_a_verb_runs_without_posix(repository: Repository, words: tuple[str, ...], code: int) -> None:
    """G6: the hook and the first steps of a newcomer on Windows, the embedded register included."""
    done = run(repository.root, MAIN, *words)

    assert done.returncode == code, done.stderr
    assert done.stdout


def test_nothing_is_written_where_no_lock_can_be_had(repository: Repository) -> None:
    """G6: Windows has a lock of its own, in the standard library's msvcrt; a system without any is refused."""
    done = run(repository.root, f"{NO_LOCK}\n{MAIN}", "apply", "--yes")

    assert done.returncode == 4, done.stderr
    assert "this system has no locks on files" in done.stderr


def test_apply_runs_with_the_lock_of_windows(repository: Repository) -> None:
    """G6: lock, journal and outcomes need nothing else of POSIX."""
    done = run(repository.root, MAIN, "apply", "--yes", "--format", "json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["summary"]["done"] == 1


def test_a_saved_plan_goes_all_the_way_without_posix(repository: Repository) -> None:
    """G6: a plan is saved, verified and applied; the history names it, and nothing differs afterwards."""
    system = "991825827_smartcloud"
    for words, code in (
        (("plan", "--out", "plan.json", "--format", "markdown=plan.md", "--format", "html=plan.html"), 0),
        (("verify", "plan.json"), 0),
        (("apply", "plan.json", "--yes"), 0),
        (("plan", "--exit-code"), 0),
        (("drift",), 0),
        (("history", system), 0),
        (("accept", system, "name.en", "--until", TOMORROW, "--reason", "a test"), 2),
    ):
        done = run(repository.root, MAIN, *words)
        assert done.returncode == code, (words, done.stdout, done.stderr)
    plan = json.loads((repository.root / "plan.json").read_text(encoding="utf-8"))
    assert plan["changes"][0]["file"] == f"systems/{system}.yaml"


def test_only_one_module_names_what_only_posix_has() -> None:
    """G6: what operating systems do differently stays behind `platform`."""
    offences = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if path == PACKAGE / "platform.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                offences += [f"{path.name}: {each.name}" for each in node.names if each.name in MODULES]
            elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
                offences.append(f"{path.name}: {node.module}")
            elif isinstance(node, ast.Attribute) and node.attr in ATTRIBUTES.get(ast.unparse(node.value), ()):
                offences.append(f"{path.name}:{node.lineno}: {ast.unparse(node)}")

    assert offences == []


def test_no_text_is_written_with_the_line_ends_of_the_system() -> None:
    """G6: a saved plan and an edited file have the same bytes on Windows."""
    offences = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or "newline" in {each.arg for each in node.keywords}:
                continue
            name = ast.unparse(node.func)
            modes = [each.value for each in node.args if isinstance(each, ast.Constant)]
            writes = any(isinstance(each, str) and re.fullmatch("[wax][t+]*", each) for each in modes)
            if name.endswith("write_text") or (name.endswith("open") and writes):
                offences.append(f"{path.name}:{node.lineno}")

    assert offences == []
