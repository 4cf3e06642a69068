"""Where the members of a file stand, and the entries of its lists, without the tree: 200 bytes a file.

A plan names the line of each value that it changes. To make the tree once more for it takes 25 times as long as this.
"""

from __future__ import annotations

from array import array
from typing import NamedTuple, TypeAlias

from reconciler.definitions.yaml_nodes import Items, Mapping, Node, Path, Position, Scalar

_MOST = 200
"""Places that are kept of one file; of one that has more, none are."""
_MOST_SHAPES = 1000
_START = Position(1, 1)
_Names: TypeAlias = tuple[str, ...]
_Kind: TypeAlias = _Names | int | None
"""What a member holds: the names of its members, the number of its entries, or a scalar."""
_Shape: TypeAlias = tuple[_Names, tuple[_Kind, ...]]
_shapes: dict[_Shape, _Shape] = {}
"""Those that were met: most definitions have one of a few."""


class Places(NamedTuple):
    """The places of two levels of a file."""

    shape: _Shape
    numbers: array[int]
    """Line and column of each member, and behind it of what it holds."""

    def find(self, path: Path) -> Position | None:
        """Find the place of a path, as the tree has it; None where only the tree knows."""
        names, kinds = self.shape
        member = _find_name(path[0], names) if path else None
        if member is None:
            return _START
        place = sum(1 + _count(kind) for kind in kinds[:member])
        if len(path) == 1:
            return self._read(place)
        kind, step = kinds[member], path[1]
        inner = _find_name(step, kind) if isinstance(kind, tuple) else _find_number(step, kind)
        if inner is None:
            return self._read(place)
        return self._read(place + 1 + inner) if len(path) == 2 else None

    def _read(self, place: int) -> Position:
        return Position(self.numbers[2 * place], self.numbers[2 * place + 1])


def keep_places(root: Node | None) -> Places | None:
    """Keep the places of two levels of a tree; None where there are too many, or there is no mapping."""
    if type(root) is not Mapping:
        return None
    names: list[str] = []
    kinds: list[_Kind] = []
    numbers: list[int] = []
    for key, value in root.entries:
        names.append(key.text)
        numbers += (value if type(value) is Scalar else key).position
        if type(value) is Mapping:
            kinds.append(tuple([name.text for name, _ in value.entries]))
            for name, node in value.entries:
                numbers += (node if type(node) is Scalar else name).position
        elif type(value) is Items:
            kinds.append(len(value.nodes))
            for node in value.nodes:
                numbers += node.position
        else:
            kinds.append(None)
        if len(numbers) > 2 * _MOST:
            return None
    shape = (tuple(names), tuple(kinds))
    if shape not in _shapes and len(_shapes) >= _MOST_SHAPES:
        return None
    try:
        return Places(_shapes.setdefault(shape, shape), array("H", numbers))
    except OverflowError:  # it has more lines, or longer ones
        return None


def _count(kind: _Kind) -> int:
    return len(kind) if isinstance(kind, tuple) else kind or 0


def _find_name(step: str | int, names: _Names) -> int | None:
    """Find a member as a mapping does: by its exact name, else by its name in another letter case."""
    if not isinstance(step, str):
        return None
    if step in names:
        return names.index(step)
    folded = step.lower()
    return next((number for number, each in enumerate(names) if each.lower() == folded), None)


def _find_number(step: str | int, count: int | None) -> int | None:
    """Find an entry of a list; a scalar has none."""
    return step if isinstance(step, int) and 0 <= step < (count or 0) else None
