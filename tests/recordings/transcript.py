"""The recorded requests and answers, unpacked."""

from __future__ import annotations

import json
import lzma
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

FOLDER = Path(__file__).parent
Json: TypeAlias = "dict[str, object]"


@dataclass(frozen=True)
class Answer:
    """One answer; the body is text, or base64 in an object if it was not UTF-8."""

    status: int
    headers: dict[str, str]
    body: object


@dataclass(frozen=True)
class Case:
    """One request with its recorded answer, or one set-up that no request can make."""

    name: str
    request: Json
    answer: Answer | None

    @property
    def is_unordered(self) -> bool:
        """Say whether the order of the answer's rows is undefined."""
        return self.request.get("unordered") is True


@dataclass(frozen=True)
class Transcript:
    """One recorded set, in the order of sending."""

    tokens: dict[str, Json]
    cases: list[Case]
    has_named_ids: bool = False
    """Ids stand inside texts and links, and are compared by the request that first answered them."""


def read_transcript(name: str) -> Transcript:
    """Unpack a set: `written`, `generated` or `users`."""
    text = lzma.decompress((FOLDER / f"{name}.jsonl.xz").read_bytes()).decode("utf-8", "surrogatepass")
    first, *others = text.removesuffix("\n").split("\n")
    cases: list[Case] = []
    for line in others:
        request: Json = json.loads(line)
        recorded = request.pop("answer", None)
        answer = Answer(**recorded) if isinstance(recorded, dict) else None
        cases.append(Case(str(request["name"]), request, answer))
    return Transcript(json.loads(first)["tokens"], cases, has_named_ids=name == "users")


def cut(transcript: Transcript, count: int) -> Transcript:
    """Keep the first requests of a set; later ones do not change their answers."""
    return Transcript(transcript.tokens, transcript.cases[:count])
