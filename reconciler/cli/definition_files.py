"""The definition files as text: read as they are on disk, and written or shown as they are to be."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING

from reconciler.cli.console import notify, notify_findings, notify_lines, show_lines
from reconciler.definitions.files import (
    find_definitions,
    read_documents,
    read_mark,
    write_definition,
)
from reconciler.errors import Exit
from reconciler.render.lines import LONG, Piece, make_line, make_safe
from reconciler.render.phrases import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reconciler.operations.import_ import FileChange, Imported
    from reconciler.planning.plan import Plan
    from reconciler.render.lines import Line

_STYLES = {"+": "create", "-": "delete", "@": "dim"}


def read_texts(root: Path) -> dict[str, str]:
    """Read every definition file by its name, with its byte order mark; one that is no text is left out."""
    documents = read_documents(root, find_definitions(root))
    return {each.file: read_mark(root / each.file) + each.text for each in documents if each.text}


def finish_import(root: Path, imported: Imported, problems: Sequence[str], *, dry_run: bool) -> Exit:
    """Write the files, or show how they would change; report what is left, and give the exit code."""
    show_lines(_apply(root, imported, dry_run=dry_run))
    _report(imported, problems)
    show_lines([make_line(_summarise(imported, "import", dry_run=dry_run))])
    return Exit.DONE if imported.whole and not problems else Exit.FAILED


def finish_adoption(root: Path, imported: Imported, *, dry_run: bool) -> Exit:
    """Do likewise on stderr, beside another result; what the files ask for besides may still be to do."""
    notify_lines(_apply(root, imported, dry_run=dry_run))
    _report(imported, ())
    notify(_summarise(imported, "adopt", dry_run=dry_run))
    return Exit.DONE if imported.done else Exit.FAILED


def _apply(root: Path, imported: Imported, *, dry_run: bool) -> Iterator[Line]:
    """Write the files and name each, or show how it would change."""
    for each in imported.changes:
        if dry_run:
            yield from _show_diff(each)
        else:
            write_definition(root / each.file, each.after, within=root)
            yield make_line("+ " if each.is_new else "~ ", Piece(make_safe(each.file, LONG), "strong"))


def _report(imported: Imported, problems: Sequence[str]) -> None:
    """Report what was filled in, what could not be done, and the errors that are left."""
    for sentence in (*imported.notes, *problems, *imported.obstacles):
        notify(sentence)
    if imported.findings:
        notify_findings(imported.findings, len({each.place.file for each in imported.findings}))


def _summarise(imported: Imported, verb: str, *, dry_run: bool) -> str:
    if imported.plan and not imported.plan.changes and not imported.changes:
        return f"Nothing to {verb}."
    written = f"{count(len(imported.changes), 'file')} {'would be ' if dry_run else ''}written"
    return f"{written}; plan: {_summarise_plan(imported.plan)}" if imported.plan else f"{written}."


def _summarise_plan(plan: Plan) -> str:
    """Say what a plan of the imported systems does: nothing, where the files say what is registered."""
    named = {"create": "to create", "update": "to update", "delete": "to delete", "blocked": "blocked"}
    counts = plan.summary
    rest = [f"{counts[action]} {words}" for action, words in named.items() if counts[action]]
    return ", ".join([f"{counts['keep']} unchanged", *rest])


def _show_diff(change: FileChange) -> Iterator[Line]:
    """Show how a file changes, as `git diff` does; what stands in it cannot command a runner or a terminal."""
    before, after = (_split(text) for text in (change.before, change.after))
    name = "/dev/null" if change.is_new else f"a/{change.file}"
    for line in unified_diff(before, after, name, f"b/{change.file}", lineterm=""):
        yield make_line(Piece(make_safe(line, LONG), _STYLES.get(line[:1], "")))


def _split(text: str) -> list[str]:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").splitlines()
