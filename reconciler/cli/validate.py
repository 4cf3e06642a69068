"""`reconciler validate`: check definition files without any network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.options import FormatsOption, RootOption, VendorOption, make_app
from reconciler.cli.outputs import choose_outputs, write_findings
from reconciler.errors import Exit
from reconciler.findings import Severity
from reconciler.operations import validate
from reconciler.settings import find_root, read_settings
from reconciler.workspace import find_definitions, read_documents

app = make_app()


@app.command()
def run(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Files or folders (systems/).", show_default=False),
    ] = None,
    *,
    vendor: VendorOption = "",
    formats: FormatsOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,
    root: RootOption = None,
) -> None:
    """Check definition files; no network.

    Every finding of every file at once, in every environment that any file names. Exits 1 on errors.
    """
    outputs = choose_outputs(formats)
    found = find_root(root or Path.cwd())
    files = find_definitions(found, paths or ())
    documents = read_documents(found, files)
    checked = validate(documents, read_settings(found).environments, vendor=vendor)
    write_findings(checked.findings, len(documents), outputs)
    worst = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    if any(finding.severity in worst for finding in checked.findings):
        raise typer.Exit(Exit.FAILED)
