"""A TOML table or JSON object while it is read: gives typed values and collects problems with their lines.

After a problem reading continues with a default, so that all problems are reported at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.emulator.control.toml_lines import KeyPath

Choice = TypeVar("Choice", bound=str)


@dataclass(slots=True)
class ConfigProblems:
    """The problems found so far; `lines` gives the line of each key."""

    file: str
    lines: Mapping[KeyPath, int]
    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, path: KeyPath, text: str) -> None:
        """Add a problem with the value at `path`."""
        line = next(
            (self.lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.lines), 0
        )
        where = f"{self.file}:{line}: " if line else f"{self.file}: " if self.file else ""
        self.found.append((line, f"{where}{_name(path)}: {text}" if path else f"{where}{text}"))

    def check(self) -> None:
        """Raise ValueError if there are problems: one on each line, in the order of the file."""
        if self.found:
            raise ValueError("\n".join(text for _, text in sorted(self.found, key=lambda pair: pair[0])))


@dataclass(slots=True)
class ConfigTable:
    """One table; it remembers which keys were read, to report unknown ones."""

    content: Mapping[str, object]
    path: KeyPath
    problems: ConfigProblems
    _known: set[str] = field(default_factory=set)

    def names(self) -> list[str]:
        """List the keys of a table whose keys are names."""
        self._known.update(self.content)
        return list(self.content)

    def has(self, name: str) -> bool:
        """Say whether a key is present."""
        self._known.add(name)
        return name in self.content

    def refuse(self, name: str, text: str) -> None:
        """Report a problem with the value of a key."""
        self.problems.add((*self.path, name), text)

    def value(self, name: str) -> object:
        """Give a value unchecked, None if absent."""
        self._known.add(name)
        return self.content.get(name)

    def text(self, name: str, default: str | None = None) -> str:
        """Give a string; it is required if there is no default."""
        value = self.value(name)
        if isinstance(value, str):
            return value
        if value is not None:
            self.refuse(name, f"a string is expected, not {_say(value)}")
        elif default is None:
            self.refuse(name, "is missing")
        return default or ""

    def number(self, name: str, default: float) -> float:
        """Give a number."""
        value = self.value(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        if value is not None:
            self.refuse(name, f"a number is expected, not {_say(value)}")
        return default

    def count(self, name: str, default: int) -> int:
        """Give a non-negative integer."""
        value = self.number(name, default)
        if value < 0 or value != int(value):
            self.refuse(name, f"a whole number from 0 is expected, not {_say(value)}")
            return default
        return int(value)

    def flag(self, name: str) -> bool:
        """Give a boolean, false if absent."""
        value = self.value(name)
        if value is not None and not isinstance(value, bool):
            self.refuse(name, f"true or false is expected, not {_say(value)}")
        return value is True

    def texts(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Give a list of strings."""
        value = self.value(name)
        if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
            return tuple(value)
        if value is not None:
            self.refuse(name, f"a list of strings is expected, not {_say(value)}")
        return default

    def choice(self, name: str, choices: Sequence[Choice], default: Choice) -> Choice:
        """Give one of `choices`."""
        value = self.value(name)
        if value is None:
            return default
        for choice in choices:
            if choice == value:
                return choice
        words = ", ".join(f'"{choice}"' for choice in choices)
        self.refuse(name, f"one of {words} is expected, not {_say(value)}{_near(str(value), choices)}")
        return default

    def table(self, name: str) -> ConfigTable:
        """Give a nested table, empty if absent."""
        value = self.value(name)
        if value is not None and not isinstance(value, Mapping):
            self.refuse(name, f"a table is expected, not {_say(value)}")
        return ConfigTable(value if isinstance(value, Mapping) else {}, (*self.path, name), self.problems)

    def tables(self, name: str) -> list[ConfigTable]:
        """Give a list of tables, empty if absent."""
        value = self.value(name)
        if value is None:
            return []
        if not isinstance(value, list | tuple) or not all(isinstance(one, Mapping) for one in value):
            self.refuse(name, f"a list of tables, [[{name}]], is expected, not {_say(value)}")
            return []
        return [ConfigTable(one, (*self.path, name, index), self.problems) for index, one in enumerate(value)]

    def finish(self) -> None:
        """Report every key that was never read."""
        for name in self.content:
            if name not in self._known:
                self.refuse(name, f"is not known{_near(name, sorted(self._known))}")


def _near(word: str, words: Sequence[str]) -> str:
    near = get_close_matches(word, words, 1, cutoff=0.5)
    return f'; did you mean "{near[0]}"?' if near else ""


def _say(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _name(path: KeyPath) -> str:
    name = ""
    for step in path:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else step
    return name
