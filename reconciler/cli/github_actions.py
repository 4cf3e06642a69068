"""The runner of a CI system: where its workspace is, and GitHub Actions' step summary and outputs.

It appends to the two files that GitHub's runner names, within its limits, and does nothing elsewhere.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.definitions.files import find_top

if TYPE_CHECKING:
    from collections.abc import Mapping

SUMMARY_BYTES = 1024 * 1024
"""A larger step summary is refused whole: https://docs.github.com/actions, workflow commands, job summaries."""
_WORKSPACES = (
    "GITHUB_WORKSPACE",
    "CI_PROJECT_DIR",
    "BUILD_SOURCESDIRECTORY",
    "BITBUCKET_CLONE_DIR",
    "WORKSPACE",
)
"""Where the runners of GitHub, GitLab, Azure, Bitbucket and Jenkins say that the checkout is."""
_CUT = "\n\n*Cut: the artifact has the rest.*\n"


def is_runner(environ: Mapping[str, str]) -> bool:
    """Say whether this runs in GitHub Actions."""
    return environ.get("GITHUB_ACTIONS") == "true"


def shows_summary(environ: Mapping[str, str]) -> bool:
    """Say whether a step may have a summary: in GitHub Actions, and in Azure Pipelines."""
    return bool(environ.get("GITHUB_STEP_SUMMARY") or environ.get("TF_BUILD"))


def find_prefix(root: Path, environ: Mapping[str, str]) -> str:
    """Give the path of a root relative to the runner's workspace, or to git's top; empty where it is that.

    What a runner does not know, a person's editor does: without one, names begin at the top of the repository.
    """
    real = Path(os.path.realpath(root))
    named = [Path(os.path.realpath(value)) for name in _WORKSPACES if (value := environ.get(name, ""))]
    top = find_top(root)
    bases = [each for each in [*named, *([top] if top else [])] if real.is_relative_to(each)]
    prefix = real.relative_to(bases[0]).as_posix() if bases else "."
    return "" if prefix == "." else os.fsencode(prefix).decode(errors="replace")


def write_summary(text: str, environ: Mapping[str, str]) -> None:
    """Append Markdown to the step summary, cut at a line where it would be too long."""
    name = environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return
    path = Path(name)
    left = SUMMARY_BYTES - (path.stat().st_size if path.exists() else 0)
    encoded = text.encode()
    if len(encoded) > left:
        kept = encoded[: max(0, left - len(_CUT))].rpartition(b"\n")[0].decode(errors="ignore")
        encoded = (kept + _CUT).encode() if left > len(_CUT) else b""
    with path.open("ab") as stream:
        stream.write(encoded)


def write_outputs(values: Mapping[str, str], environ: Mapping[str, str]) -> None:
    """Append `name=value` outputs; each value stands between random marks, so that none can add another."""
    name = environ.get("GITHUB_OUTPUT")
    if not name:
        return
    rows = []
    for key, value in values.items():
        mark = f"end-{os.urandom(8).hex()}"
        rows.append(f"{key}<<{mark}\n{value}\n{mark}\n")
    with Path(name).open("a", encoding="utf-8", newline="") as stream:
        stream.write("".join(rows))
