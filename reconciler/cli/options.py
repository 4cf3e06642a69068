"""What the verbs share on the command line: the options of several, declared once, and the form of their help."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from reconciler.errors import UsageError
from reconciler.render.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typer._click import Command, Context, HelpFormatter


def make_app(*, group: bool = False) -> typer.Typer:
    """Make a verb's application: plain help at 80 columns, and failures reported in one place."""
    return typer.Typer(
        no_args_is_help=group,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    )


def _complete_environment(incomplete: str) -> list[str]:
    from reconciler.cli.completions import complete_environment  # noqa: PLC0415 - only where a shell asks

    return complete_environment(incomplete)


def _complete_system(incomplete: str) -> list[str]:
    from reconciler.cli.completions import complete_system  # noqa: PLC0415 - as above

    return complete_system(incomplete)


class Format(StrEnum):
    """How a result is written to stdout."""

    TEXT = "text"
    JSON = "json"


class TableFormat(StrEnum):
    """How a table is written to stdout."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


SystemArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="The system's id.", show_default=False, autocompletion=_complete_system
    ),
]
EnvironmentOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--environment",
        "-e",
        metavar="NAME",
        help="local, tt02, prod or a configured one; also RECONCILER_ENVIRONMENT. Default: local.",
        autocompletion=_complete_environment,
        show_default=False,
    ),
]
JournalEnvironmentOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--environment",
        "-e",
        metavar="NAME",
        help="Only runs on this environment. Default: the one that the journals name.",
        autocompletion=_complete_environment,
        show_default=False,
    ),
]
"""For verbs that work on journals."""
JournalVendorOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--vendor",
        metavar="ORG",
        help="Only runs for this organisation number. Default: all that the journals name.",
        show_default=False,
    ),
]
VendorOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--vendor",
        metavar="ORG",
        help="Only the definitions of this organisation number.",
        show_default=False,
    ),
]
OnlyOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="ID", help="Only this system; repeatable, and * fits any text.", show_default=False
    ),
]
FormatOption: TypeAlias = Annotated[
    Format, typer.Option("--format", help="How to write the result.", case_sensitive=False)
]
TableFormatOption: TypeAlias = Annotated[
    TableFormat, typer.Option("--format", help="How to write the table.", case_sensitive=False)
]
AloneOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--alone", help="Assume that change requests are made here only, so that all of them are known."
    ),
]
FormatsOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        metavar="NAME[=FILE]",
        help=f"{', '.join(FORMATS)}; repeatable, into files.",
        show_default=False,
    ),
]
ReasonOption: TypeAlias = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why, for whoever reads it later.", show_default=False)
]
JournalOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--journal",
        metavar="DIR",
        help="Where journals are kept. Default: .reconciler/journal.",
        show_default=False,
    ),
]
PatienceOption: TypeAlias = Annotated[
    float,
    typer.Option(
        "--patience", metavar="SECONDS", min=0, help="How long a write without an answer may still take."
    ),
]
RootOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--root",
        metavar="DIR",
        help="The repository, or a folder in it. Default: here.",
        show_default=False,
        exists=True,
        file_okay=False,
    ),
]
WorkersOption: TypeAlias = Annotated[
    int, typer.Option("--workers", metavar="N", min=1, max=64, help="Requests at the same time.")
]
_TYPE = re.compile(r"<([^<>]*)>")
"""How the type of a value without a name of its own is shown."""


def read_date(text: str) -> date:
    """Read the value of `--until`; raises `UsageError` for what is no date."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"`{text}` is not a date.", hint="Write it like 2026-12-31; that day is included."
        ) from None


class Verb(TyperCommand):
    """A verb whose help names arguments without their Python types and ends with exit codes and examples."""

    def collect_usage_pieces(self, ctx: Context) -> list[str]:
        """Put an argument that can be left out in square brackets, once."""
        del ctx
        return ["[OPTIONS]", *(_name_in_usage(each) for each in _find_arguments(self))]

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """List arguments and options."""
        _list_parameters(self, ctx, formatter)

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the exit codes, and the examples as they stand."""
        _list_exit_codes(ctx, formatter)
        _list_examples(self, formatter)


class VerbGroup(TyperGroup):
    """A verb with verbs below it, whose help ends with examples."""

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the examples as they stand."""
        del ctx
        _list_examples(self, formatter)


def _find_arguments(command: Command) -> Iterable[TyperArgument]:
    return (each for each in command.params if isinstance(each, TyperArgument))


def _name(argument: TyperArgument) -> str:
    return f"{argument.display_name_raw}{'' if argument.nargs == 1 else '...'}"


def _name_in_usage(argument: TyperArgument) -> str:
    return _name(argument) if argument.required else f"[{_name(argument)}]"


def _list_parameters(command: Command, ctx: Context, formatter: HelpFormatter) -> None:
    arguments = [(_name(each), each.help or "") for each in _find_arguments(command)]
    if arguments:
        with formatter.section("Arguments"):
            formatter.write_dl(arguments)
    with formatter.section("Options"):
        formatter.write_dl(
            [
                (_TYPE.sub(r"\1", record[0]), _say_range(each, record[1]))
                for each in command.get_params(ctx)
                if not isinstance(each, TyperArgument)
                if (record := each.get_help_record(ctx)) is not None
            ]
        )


def _say_range(option: object, text: str) -> str:
    """Put the range of a number in words."""
    if not isinstance(option, TyperOption) or option.min is None:
        return text
    if option.max is None:
        return text.replace(f"x>={option.min}", f"{option.min} or more")
    return text.replace(f"{option.min}<=x<={option.max}", f"{option.min} to {option.max}")


def _list_exit_codes(ctx: Context, formatter: HelpFormatter) -> None:
    from reconciler.cli.exit_codes import EXIT_CODES  # noqa: PLC0415 - only for the help

    codes = EXIT_CODES.get(ctx.command_path.partition(" ")[2], {})
    if codes:
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code.value), meaning) for code, meaning in codes.items()])


def _list_examples(command: Command, formatter: HelpFormatter) -> None:
    with formatter.section("Examples"):
        for line in (command.epilog or "").splitlines():
            formatter.write(f"  {line}\n")
