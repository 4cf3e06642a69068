"""The summary of a step in Markdown, where the platform shows one: in GitHub Actions and in Azure Pipelines.

Elsewhere nothing is rendered and nothing is written.
"""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.github_actions import write_summary
from reconciler.cli.streams import write_command
from reconciler.render.escape import escape_azure_data, escape_markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.errors import ReconcilerError


def show_summary(verb: str, render: Callable[[], str], environ: Mapping[str, str]) -> None:
    """Show Markdown as the step's summary.

    Azure's agent takes a file, named on either stream, when the job ends; it empties the folder of temporary files
    afterwards: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands.
    """
    if environ.get("GITHUB_STEP_SUMMARY"):
        write_summary(render(), environ)
    elif environ.get("TF_BUILD") and (folder := environ.get("AGENT_TEMPDIRECTORY")):
        path = Path(folder) / f"reconciler-{verb}-{secrets.token_hex(4)}.md"
        path.write_text(render(), encoding="utf-8", newline="")
        write_command(f"##vso[task.uploadsummary]{escape_azure_data(str(path))}")


def show_failure(error: ReconcilerError, words: Sequence[str], environ: Mapping[str, str]) -> None:
    """Show as the step's summary what stopped a run, and what to do about it; `words` is its command line."""
    verb = next((each for each in words if re.fullmatch("[a-z]+", each)), "reconciler")
    said = [*error.message.splitlines(), *(() if error.explained else ("", *error.hint.splitlines()))]
    text = "\n".join([f"### `{verb}` stopped", "", *map(escape_markdown, said), ""])
    with suppress(OSError):  # what stopped the run is on stderr already
        show_summary(verb, lambda: text, environ)
