"""What stands in `${{ }}`, as far as these workflows use it: names, texts, `!`, `==`, `!=`, `&&`, `||`, calls.

Of the functions, the four that ask for a state, and `format`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

Value: TypeAlias = "str | bool | Mapping[str, Value]"

_TOKEN = re.compile(r"\s*(?:(?P<text>'[^']*')|(?P<name>[A-Za-z_][\w.-]*)|(?P<sign>&&|\|\||==|!=|!|,|\(|\)))")


class Expression:
    """One expression, evaluated over a table of contexts; raises `ValueError` for what it does not know."""

    def __init__(self, text: str, contexts: Mapping[str, Value]) -> None:
        self._contexts = contexts
        self._tokens: list[str] = []
        position, text = 0, text.strip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise ValueError(f"not understood: {text[position:]}")
            self._tokens.append(match.group().strip())
            position = match.end()

    def evaluate(self) -> Value:
        """Evaluate it whole."""
        value = self._either()
        if self._tokens:
            raise ValueError(f"left over: {self._tokens}")
        return value

    def _take(self, *words: str) -> str:
        return self._tokens.pop(0) if self._tokens and self._tokens[0] in words else ""

    def _either(self) -> Value:
        value = self._both()
        while self._take("||"):
            other = self._both()
            value = value or other
        return value

    def _both(self) -> Value:
        value = self._compare()
        while self._take("&&"):
            other = self._compare()
            value = other if value else value
        return value

    def _compare(self) -> Value:
        value = self._one()
        sign = self._take("==", "!=")
        if not sign:
            return value
        same = value == self._one()
        return same if sign == "==" else not same

    def _one(self) -> Value:
        if self._take("!"):
            return not self._one()
        if self._take("("):
            value = self._either()
            if not self._take(")"):
                raise ValueError("a parenthesis is open")
            return value
        token = self._tokens.pop(0)
        if token.startswith("'"):
            return token[1:-1]
        if self._take("("):
            if token == "format":
                return self._format()
            if not self._take(")"):
                raise ValueError(f"{token} with arguments is not known here")
            token += "()"
        return self._look_up(token)

    def _format(self) -> str:
        text, values = str(self._either()), []
        while self._take(","):
            values.append(_print(self._either()))
        if not self._take(")"):
            raise ValueError("a parenthesis is open")
        return text.format(*values)

    def _look_up(self, name: str) -> Value:
        """Look a name up; as on the runner, a member that is not there is empty, but a context must be known."""
        head, *rest = name.split(".")
        if head not in self._contexts:
            raise ValueError(f"there is no context {head}")
        value = self._contexts[head]
        for word in rest:
            value = value.get(word, "") if isinstance(value, Mapping) else ""
        return value


def resolve(text: str, contexts: Mapping[str, Value]) -> str:
    """Put values in the place of all expressions of a text."""
    return re.sub(r"\$\{\{(.+?)\}\}", lambda match: _print(Expression(match[1], contexts).evaluate()), text)


def decide(text: str, contexts: Mapping[str, Value]) -> bool:
    """Decide a condition, with or without its braces; one that asks for no state means `success()` too."""
    bare = re.sub(r"^\s*\$\{\{(.+)\}\}\s*$", r"\1", text)
    asks = re.search(r"\b(success|failure|always|cancelled)\(\)", bare)
    passed = bool(Expression(bare, contexts).evaluate()) if bare else True
    return passed and (asks is not None or bool(contexts["success()"]))


def _print(value: Value) -> str:
    if isinstance(value, Mapping):
        raise TypeError("a context has no text of its own")
    return str(value).lower() if isinstance(value, bool) else value
