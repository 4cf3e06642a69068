"""The outputs by name, and the module that makes each of them.

Pure. A new format takes its own module and one line here; a module is imported when its output is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.findings import Finding
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.plan import Plan
    from reconciler.render.links import Links

TEXT, JSON = "text", "json"
LINKED = frozenset({"markdown", "html"})
"""The outputs that link to what a platform shows of the run."""
_FOR_PROGRAMS = ("github", "azure", "sarif", "junit", "junit-strict", "gitlab", "terraform")
FORMATS = (TEXT, JSON, "markdown", *_FOR_PROGRAMS, "html")
"""The names that `--format` takes; `text` is made of lines, in the package of that name, and each other is a module."""
PLACED = frozenset({*_FOR_PROGRAMS, *LINKED})
"""The outputs that are read on a platform, where files are named from the top of the repository."""
LOGGED = frozenset({"github", "azure"})
"""The outputs for a pipeline's log, which hold what `text` says."""
COUNTED = frozenset({"terraform"})
"""The outputs that are mere counts, so that nothing can be said in them."""


class Renderer(Protocol):
    """What the module of a format does: it renders a plan, findings and drift."""

    def render_plan(self, plan: Plan, /) -> str:
        """Render a plan."""

    def render_findings(self, findings: Sequence[Finding], files: int, /) -> str:
        """Render what was found in a number of files."""

    def render_drift(self, report: DriftReport, /) -> str:
        """Render what differs from the files."""


class LinkedRenderer(Renderer, Protocol):
    """What the module of a format with links does."""

    def render_plan(self, plan: Plan, /, *, links: Links = ...) -> str:
        """Render a plan with links."""


def load_renderer(name: str) -> Renderer:
    """Import the module that makes an output; any but `text`."""
    return cast("Renderer", import_module(f"reconciler.render.{name.replace('-', '_')}"))


def render_findings(name: str, findings: Sequence[Finding], files: int) -> str:
    """Render findings in any output but `text`; JSON without what its other outputs need."""
    module = "json_findings" if name == JSON else name
    return load_renderer(module).render_findings(findings, files)


def render_plan(name: str, plan: Plan, links: Links) -> str:
    """Render a plan in any output but `text`, with links where it has them."""
    if name in LINKED:
        return cast("LinkedRenderer", load_renderer(name)).render_plan(plan, links=links)
    return load_renderer(name).render_plan(plan)
