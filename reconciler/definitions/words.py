"""What each member of a definition and of the configuration is called and means, in English and Norwegian."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Language: TypeAlias = Literal["en", "nb"]


@cache
def read_words() -> Mapping[str, Mapping[str, Any]]:
    """Read the words by member."""
    text = files("reconciler").joinpath("data/words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def explain_member(name: str, language: Language) -> dict[str, Any]:
    """Give title, description and examples of a member, as a JSON Schema has them."""
    words = read_words()[name]
    examples = {"examples": words["examples"]} if "examples" in words else {}
    return {"title": words["title"][language], "description": words[language], **examples}
