"""git as the owner of a repository runs it, with nobody's configuration."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_IDENTITY = {
    f"GIT_{who}_{what}": f"anna@{who}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}


def git(root: Path, *words: str, given: bytes = b"", **environ: str) -> str:
    """Run git in a folder, and give what it prints; raises `CalledProcessError`."""
    own = {
        "PATH": os.environ["PATH"],
        "HOME": str(root.parent),
        "GIT_CONFIG_NOSYSTEM": "1",
        **_IDENTITY,
        "GIT_AUTHOR_DATE": "2026-11-01T12:00:00+01:00",
        **environ,
    }
    program = shutil.which("git") or "git"
    done = subprocess.run([program, *words], cwd=root, env=own, capture_output=True, check=True, input=given)
    return done.stdout.decode().strip()


def commit_all(root: Path, message: str) -> str:
    """Commit everything, and give the commit."""
    git(root, "add", "-A")
    git(root, "commit", "-qm", message)
    return git(root, "rev-parse", "HEAD")
