"""`reconciler validate`: check definition files without any network.

A command line of which `at_once` makes sense does not come here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.options import (
    EnvironmentOption,
    FormatsOption,
    OnlyOption,
    RootOption,
    VendorOption,
    Verb,
    make_app,
)
from reconciler.cli.validation import FileCheck, check_files

app = make_app()
_EXAMPLES = """\
reconciler validate
reconciler validate systems/smartcloud.yaml --strict
reconciler validate --online -e tt02 --format sarif=findings.sarif"""


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Files or folders. Default: systems/.", show_default=False),
    ] = None,
    *,
    vendor: VendorOption = "",
    only: OnlyOption = None,
    formats: FormatsOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,
    online: Annotated[
        bool, typer.Option("--online", help="Also look up rights and packages in the environment.")
    ] = False,
    environment: EnvironmentOption = None,
    root: RootOption = None,
) -> None:
    """Check definition files; no network, except with --online.

    Every finding of every file at once, in every environment that any file names.
    """
    asked = FileCheck(paths or (), formats, strict, vendor, only or (), online, environment, root)
    code = check_files(asked)
    if code:
        raise typer.Exit(code)
