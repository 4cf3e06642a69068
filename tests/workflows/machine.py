"""An empty machine for a job of GitLab or Azure: the shell of the page, and a loopback API in the platform's place."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, TypeAlias

from tests.git import commit_all, git
from tests.workflows.runner import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Watch: TypeAlias = Callable[[subprocess.Popen[str]], None]
    """Looks at a process while it runs, and may end it."""
    Answer: TypeAlias = tuple[int, bytes] | str
    """A status and a body, or the address of a redirection."""

PAGES = {name: PROJECT / "docs" / f"{name}.md" for name in ("github", "gitlab", "azure")}
_INSTALL = """#!/bin/bash
set -euo pipefail
if env | grep -q MASKINPORTEN; then echo "a credential meets the installation" >&2; exit 9; fi
mkdir -p "$1/bin"
cp -p "$(dirname "$0")/python" "$1/bin/python"
printf '#!/bin/sh\\nexec "%s/python" -I -m reconciler "$@"\\n' "$(cd "$1/bin" && pwd)" > "$1/bin/reconciler"
chmod +x "$1/bin/reconciler"
"""
_PYTHON = '#!/bin/sh\n[ "$1" = -I ] && shift\nPYTHONPATH="{project}" exec "{python}" -W error "$@"\n'


def read_pipeline(page: str) -> str:
    """Read the one long pipeline of a page."""
    pipelines: list[str] = re.findall(
        r"```yaml\n(.*?)```", PAGES[page].read_text(encoding="utf-8"), re.DOTALL
    )
    return max(pipelines, key=len)


def make_tool(folder: Path) -> tuple[str, str]:
    """Make the program's repository, whose installation installs the program under test; give address and commit."""
    actions = folder / ".github" / "actions" / "reconcile"
    actions.mkdir(parents=True)
    (actions / "install.sh").write_text(_INSTALL, encoding="utf-8")
    (actions / "python").write_text(_PYTHON.format(project=PROJECT, python=sys.executable), encoding="utf-8")
    (actions / "python").chmod(0o755)
    scripts = Path(".github", "pipelines")
    shutil.copytree(PROJECT / scripts, folder / scripts, ignore=shutil.ignore_patterns("__*"))
    git(folder, "init", "-q", "-b", "main", "--template=")
    return f"file://{folder}", commit_all(folder, "Install the program under test")


@dataclass
class Ended:
    """What became of a job."""

    code: int = 0
    stdout: str = ""
    stderr: str = ""
    folder: Path = Path()
    missing: list[str] = field(default_factory=list)
    """What should have been kept and was not there."""
    summaries: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Everything that it printed."""
        return self.stdout + self.stderr


def run_shell(script: str, folder: Path, environ: Mapping[str, str], watch: Watch | None = None) -> Ended:
    """Run a script as both runners do, in a process group of its own."""
    state = {"HOME": str(folder.parent), "XDG_STATE_HOME": str(folder.parent / "state"), "LANG": "C.UTF-8"}
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    with subprocess.Popen(
        ["/bin/bash", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": path, **state, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        watcher = Thread(target=watch, args=(process,), daemon=True) if watch else None
        if watcher:
            watcher.start()
        try:
            stdout, stderr = process.communicate(timeout=120)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        if watcher:
            watcher.join(5)
    return Ended(process.returncode, stdout, stderr, folder)


def kill_program(group: int) -> None:
    """Kill the program itself within a process group, as an operating system that lacks memory does."""
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            if os.getpgid(int(entry.name)) == group and b"\0apply\0" in (entry / "cmdline").read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)


def time_out(group: int, grace: float) -> None:
    """End a process group as a runner does whose job's time is out: it asks, and kills what is left after the grace.

    Seconds.
    """
    os.killpg(group, signal.SIGTERM)
    time.sleep(grace)
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


class Api:
    """A platform's API on loopback; `answer` gets the path with its query, and the headers."""

    def __init__(self, answer: Callable[[str, Mapping[str, str]], Answer]) -> None:
        """Serve until `close`."""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = answer(self.path, {name.lower(): value for name, value in self.headers.items()})
                if isinstance(found, str):
                    self.send_response(302)
                    self.send_header("Location", found)
                    body = b""
                else:
                    self.send_response(found[0])
                    body = found[1]
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        """End serving."""
        self._server.shutdown()
        self._server.server_close()
