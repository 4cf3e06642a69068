"""The query of a request as ASP.NET binds it to the parameters of an action.

System Register contract §1.7 and §7.1: names in any letter case, the first value counts; and the
forms of a boolean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.emulator.dotnet.characters import WHITE_SPACE, fold
from reconciler.emulator.dotnet.path_binding import decode, is_blank

if TYPE_CHECKING:
    from collections.abc import Mapping


class Query:
    """The values of a query by name, in the order in which they were sent."""

    def __init__(self, text: str) -> None:
        self._values: dict[str, list[str]] = {}
        for pair in text.split("&") if text else ():
            name, _, value = pair.partition("=")
            self._values.setdefault(fold(_decode(name)), []).append(_decode(value))

    def list(self, name: str) -> list[str]:
        """List every value of a name."""
        return self._values.get(fold(name), [])

    def first(self, name: str) -> str | None:
        """Give the first value, None if there is none."""
        values = self.list(name)
        return values[0] if values else None

    def text(self, name: str) -> str | None:
        """Give the first value, None if there is none or only white space."""
        value = self.first(name)
        return None if value is None or is_blank(value) else value


def bind_flag(query: Query, name: str, errors: dict[str, list[str]]) -> bool:
    """Bind a boolean, false by default; a value that is none is added to `errors`."""
    values = query.list(name)
    if not values:
        return False
    shown = ",".join(value for value in values if value)
    if is_blank(values[0]):
        errors[name] = [f"The value '{shown}' is invalid."]
        return False
    word = values[0].strip(WHITE_SPACE + "\0").lower()
    if word not in {"true", "false"}:
        errors[name] = [f"The value '{shown}' is not valid."]
    return word == "true"


def bind_path_id(values: Mapping[str, str], errors: dict[str, list[str]], name: str = "systemId") -> str:
    """Bind an id from the path; a blank one is added to `errors`."""
    value = values[name]
    if is_blank(value):
        errors[name] = [f"The {name} field is required."]
    return value


def _decode(text: str) -> str:
    return decode(text.replace("+", " "), is_path=False)
