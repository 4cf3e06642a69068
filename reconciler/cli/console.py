"""The streams: results to stdout; the environment, progress and failures to stderr."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.render.escape import escape_line, quote_code

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.clients.parallel import Progress
    from reconciler.errors import ReconcilerError
    from reconciler.model.findings import Finding
    from reconciler.render.lines import Line


def show_lines(lines: Iterable[Line]) -> None:
    """Write a result for people to stdout."""
    from reconciler.render.terminal import write_lines  # noqa: PLC0415 - few programs ask for lines

    write_lines(lines, sys.stdout)


def show_text(text: str | Iterable[str]) -> None:
    """Write a finished result to stdout, at once: another program may wait for it. A large one comes in pieces."""
    for piece in (text,) if isinstance(text, str) else text:
        sys.stdout.write(piece)
    sys.stdout.flush()


def notify(sentence: str) -> None:
    """Say something on stderr that is not the result; what it marks as code stands in quotes, as in outputs."""
    sys.stderr.write(escape_line(quote_code(sentence)) + "\n")


def notify_lines(lines: Iterable[Line]) -> None:
    """Write lines for people to stderr."""
    from reconciler.render.terminal import write_lines  # noqa: PLC0415 - as above

    write_lines(lines, sys.stderr)


def notify_findings(findings: Sequence[Finding], files: int) -> None:
    """Write findings to stderr."""
    from reconciler.render.text.findings import render_findings  # noqa: PLC0415 - as above

    notify_lines(render_findings(findings, files))


def notify_error(error: ReconcilerError) -> None:
    """Say what stopped the tool, and what to do about it."""
    for index, line in enumerate(error.message.splitlines() or [""]):
        notify(f"error: {line}" if index == 0 else f"       {line}")
    for line in error.hint.splitlines():
        notify(f"       {line}")


@contextmanager
def show_progress(what: str) -> Iterator[Progress | None]:
    """Show a progress bar on stderr where that is a terminal; a log gets none, and nor do lines that are logged."""
    from reconciler.render.terminal import has_colour  # noqa: PLC0415 - as above

    if not has_colour(sys.stderr) or _is_logging():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - a log needs none of it
    from rich.progress import Progress as Bar  # noqa: PLC0415 - as above

    with Bar(console=Console(file=getattr(sys.stderr, "raw", sys.stderr)), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _is_logging() -> bool:
    if "logging" not in sys.modules:
        return False
    import logging  # noqa: PLC0415 - a check of files logs nothing

    return bool(logging.getLogger().handlers or logging.getLogger("reconciler").handlers)


def log_requests() -> None:
    """Log each request to stderr in one line, unless everything is logged."""
    import logging  # noqa: PLC0415 - as above

    if _is_logging():
        return
    logger = logging.getLogger("reconciler")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


def log_to_stderr() -> None:
    """Log everything to stderr; what is secret is masked where it is made."""
    import logging  # noqa: PLC0415 - as above

    logger = logging.getLogger("reconciler")
    logger.handlers.clear()  # of `log_requests`: its lines come with the others
    logger.setLevel(logging.NOTSET)
    logging.basicConfig(
        level=logging.DEBUG, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
