"""The program's verbs, each in a module of its own that is imported only when the verb runs.

Start-up has to be quick: `validate` in an editor or a hook must not pay for HTTP, keys or a server.
"""

from __future__ import annotations

import os
import sys
from copy import copy
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from reconciler.cli.verbs import GROUPS, VERBS

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter, Parameter

_MODULES = {"import": "import_"}
"""Where a verb's name is a word of the language; every other verb is the module of the same name beside this file."""
_EVERYWHERE = frozenset({"verbose", "debug"})
"""The options that may stand behind a verb as well as before it."""


COMPLETION_VARIABLE = "_RECONCILER_COMPLETE"
"""How a shell asks the program for words; `completion` prints what sets it."""
if os.environ.get(COMPLETION_VARIABLE):
    typer.completion.get_completion_inspect_parameters()  # which makes the shells known


class Verbs(TyperGroup):
    """A group that imports a verb's module when the verb is asked for."""

    def list_commands(self, ctx: Context) -> list[str]:
        """Name the verbs in the order of the help."""
        del ctx
        return list(VERBS)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """List the verbs by their lines here, so that the help imports none of them."""
        del ctx
        widest = max(map(len, VERBS))
        for heading, verbs in GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl([(verb.ljust(widest), line) for verb, line in verbs.items()])

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Read the options of the whole program; typer makes validators of pydantic for them."""
        _leave_out()
        return super().parse_args(ctx, args)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """Import a verb's module and give its command."""
        del ctx
        if cmd_name not in VERBS:
            return None
        _leave_out()
        module = import_module(f"reconciler.cli.{_MODULES.get(cmd_name, cmd_name)}")
        command: Command = typer.main.get_command(module.app)
        command.name = cmd_name
        _add_options(command, [each for each in self.params if each.name in _EVERYWHERE])
        return command

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """Find the verb; raises `UsageError` with the nearest one where there is none of that name.

        A shell that asks for completions hears nothing.
        """
        if args[0] not in VERBS and not args[0].startswith("-") and not ctx.resilient_parsing:
            from reconciler.errors import UsageError  # noqa: PLC0415 - only where something is wrong
            from reconciler.model.suggest import find_nearest  # noqa: PLC0415 - as above

            near = find_nearest(args[0], VERBS)
            hint = f"Did you mean `{near}`?" if near else "`reconciler --help` lists them."
            raise UsageError(f"There is no verb `{args[0][:80]}`.", hint=hint)
        return super().resolve_command(ctx, args)


_LEFT_OUT = ("trio", "httpx._main")
"""What the HTTP libraries import where it is installed and work without: for other programs, and for a command line."""


def _leave_out() -> None:
    """Keep libraries from importing what nothing here needs; where they do not look for it, nothing changes.

    Without it a plan starts in a third less time and takes 10 MB less. pydantic would look for plugins in every
    installed package, which takes longer than to check a file.
    """
    for name in _LEFT_OUT:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # which is how an import is refused
    sys.modules.setdefault(_NoPlugins.NAME, _NoPlugins(_NoPlugins.NAME))


class _NoPlugins(ModuleType):
    """Stands for the module of pydantic that looks for plugins, and gives way to it where more of it is asked for."""

    NAME = "pydantic.plugin._loader"
    get_plugins = tuple
    """There are none."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.NAME) is self:
            del sys.modules[self.NAME]
        return getattr(import_module(self.NAME), name)


def _add_options(command: Command, options: list[Parameter]) -> None:
    """Give a verb, and each verb below it, options of the whole program; they act by themselves."""
    for each in options:
        own = copy(each)
        own.expose_value = False
        command.params.append(own)
    for below in getattr(command, "commands", {}).values():
        _add_options(below, options)


app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)


def _print_version(*, value: bool) -> None:
    if value:
        from reconciler.build import describe_build  # noqa: PLC0415 - only where it was asked for

        typer.echo(describe_build())
        raise typer.Exit


def _log_requests(*, value: bool) -> None:
    if value:
        from reconciler.cli.console import log_requests  # noqa: PLC0415 - only where it was asked for

        log_requests()


def _log_everything(*, value: bool) -> None:
    if value:
        from reconciler.cli.console import log_to_stderr  # noqa: PLC0415 - only where it was asked for

        log_to_stderr()


@app.callback()
def start(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "-v", "--verbose", help="Log each request to stderr in one line.", callback=_log_requests
        ),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Log what happens to stderr; secrets as ***.", callback=_log_everything),
    ] = False,
) -> None:
    """Keep a vendor's systems in Altinn's System Register as YAML files in git."""
    del version, verbose, debug
