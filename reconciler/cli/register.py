"""`reconciler register serve`: the embedded register on a port, for other programs and for tests."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from reconciler.cli.console import show_text, tell
from reconciler.cli.options import Format, FormatOption, make_app
from reconciler.errors import SettingsError

app = make_app(group=True)


@app.callback()
def group() -> None:
    """Run the embedded register for other programs."""


@app.command()
def serve(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 0,
    state: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep state here (in memory).", show_default=False)
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Clients, resources, packages.",
            show_default=False,
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Run the embedded register in the foreground until it is stopped."""
    from reconciler.emulator import start  # noqa: PLC0415 - loads a server, which the help does not need

    stopped = Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stopped.set())
    try:
        emulator = start(config, port=port, state=state, access_log=None if form is Format.JSON else tell)
    except ValueError as error:
        raise SettingsError(str(error), hint="docs/emulator.md describes the file.") from error
    with emulator:
        if form is Format.JSON:
            addresses = {"base": emulator.base, "maskinporten": emulator.maskinporten}
            show_text(json.dumps(addresses) + "\n")
        else:
            show_text(_describe(emulator.base, emulator.maskinporten))
        typer.get_text_stream("stdout").flush()
        stopped.wait()
    tell("Stopped.")


_SCOPE = "altinn:authentication/systemregister.write"


def _describe(base: str, maskinporten: str) -> str:
    return f"""\
Register:      {base}/authentication/api/v1/systemregister
Maskinporten:  {maskinporten}

To point this tool at it, put into reconciler.toml:

[environments.served]
register = "{base}"
maskinporten = "{maskinporten}"

A token for tests, without any key:

curl "{base}/api/GetEnterpriseToken?env=local&orgNo=991825827&scopes={_SCOPE}"
"""
