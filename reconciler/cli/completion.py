"""`reconciler completion`: print what makes a shell complete the command line."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from typer.completion import get_completion_script  # type: ignore[attr-defined]  # typer lists no names

from reconciler.cli.console import show_text
from reconciler.cli.main import COMPLETION_VARIABLE
from reconciler.cli.options import Verb, make_app

app = make_app()
_EXAMPLES = """\
reconciler completion bash
reconciler completion powershell"""


class Shell(StrEnum):
    """A shell that can be completed in."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    shell: Annotated[
        Shell, typer.Argument(metavar="SHELL", help=f"One of {', '.join(Shell)}.", show_default=False)
    ],
) -> None:
    """Print what makes a shell complete the command line.

    In ~/.bashrc: eval "$(reconciler completion bash)". The other shells are in docs/completion.md.
    """
    script = get_completion_script(
        prog_name="reconciler", complete_var=COMPLETION_VARIABLE, shell=shell.value
    )
    show_text(f"{script.strip()}\n")
