"""The layers of the program, who imports whom, and the drawing of that for `docs/architecture.md`."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import reconciler

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

PACKAGE = Path(reconciler.__file__).parent
LAYERS = (
    ("errors", "platform", "build"),
    ("model",),
    ("definitions",),
    ("rules",),
    ("planning", "clients"),
    ("execution",),
    ("operations",),
    ("render",),
    ("cli",),
    ("__main__",),
)
"""From the bottom up: a module imports its own package and those of lower layers, never its neighbour."""
EMULATOR = ("catalogue", "dotnet", "server", "register", "systemusers", "maskinporten", "control", "metadata")
"""The packages of the emulator, likewise; `catalogue` is a module, and the others at the top put all together."""
EVERY = sorted(str(path.relative_to(PACKAGE).with_suffix("").as_posix()) for path in PACKAGE.rglob("*.py"))
"""Every module by its path, without the suffix."""
OURS = [name for name in EVERY if not name.startswith("emulator/") and name != "__init__"]
"""Those that the emulator shares nothing with."""
_TOP = "(the top)"


@cache
def list_imports(name: str) -> tuple[str, ...]:
    """List every module of ours that a module imports anywhere, for types too, as `EVERY` names them."""
    return tuple(find_imports(parse_module(name)))


@cache
def parse_module(name: str) -> ast.Module:
    """Parse a module of the program."""
    return ast.parse((PACKAGE / f"{name}.py").read_text(encoding="utf-8"))


def find_package(name: str) -> str:
    """Name the package of a module, or the module itself where it stands at the top."""
    return name.partition("/")[0]


def find_imports(tree: ast.AST) -> Iterator[str]:
    """Give every module of ours that is imported anywhere, for types too, as `EVERY` names them."""
    for name in _find_dotted(tree):
        start, _, rest = name.partition(".")
        path = rest.replace(".", "/")
        if start == "reconciler":
            yield next((each for each in (path, f"{path}/__init__") if each in EVERY), "__init__")


def find_libraries(tree: ast.AST) -> Iterator[str]:
    """Give every package of others that is imported anywhere."""
    for name in _find_dotted(tree):
        package = name.partition(".")[0]
        if package != "reconciler":
            yield package


def _find_dotted(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from package import name` may mean a module of it
            within = [f"{node.module}.{alias.name}" for alias in node.names]
            modules = [each for each in within if _is_module(each)]
            yield from modules
            if len(modules) < len(within):
                yield node.module


def _is_module(name: str) -> bool:
    start, _, rest = name.partition(".")
    return start == "reconciler" and rest.replace(".", "/") in EVERY


def find_part(name: str) -> str:
    """Name the package of the emulator that a module of it belongs to."""
    part = name.removeprefix("emulator/").partition("/")[0]
    return part if part in EMULATOR else _TOP


def draw_imports() -> str:
    """Draw who imports whom as two tables, from the top down: no mark stands left of the diagonal."""
    ours = [package for layer in reversed(LAYERS) for package in layer]
    used = {package: set[str]() for package in ours}
    for name in OURS:
        for imported in list_imports(name):
            used[find_package(name)].add(find_package(imported))
    parts = [_TOP, *reversed(EMULATOR)]
    inner = {part: set[str]() for part in parts}
    for name in (each for each in EVERY if each.startswith("emulator/")):
        for imported in list_imports(name):
            if imported.startswith("emulator/"):
                inner[find_part(name)].add(find_part(imported))
    tables = (_draw(ours, [*ours, "emulator"], used), _draw(parts, parts, inner))
    return "\n\nWithin the emulator:\n\n".join(tables)


def _draw(rows: Sequence[str], columns: Sequence[str], used: Mapping[str, Iterable[str]]) -> str:
    """Draw a Markdown table: a mark where the row's package imports the column's."""
    columns = [each for each in columns if any(each in used[row] for row in rows if row != each)]
    width = max(map(len, rows))
    lines = [
        f"| {'':{width}} | {' | '.join(columns)} |",
        f"|{'-' * (width + 2)}|{'|'.join(':' + '-' * len(each) + ':' for each in columns)}|",
    ]
    for row in rows:
        marks = ["●" if each in used[row] and each != row else "" for each in columns]
        cells = " | ".join(f"{mark:^{len(each)}}" for mark, each in zip(marks, columns, strict=True))
        lines.append(f"| {row:{width}} | {cells} |")
    return "\n".join(lines)
