"""The register's problem bodies, in both of their shapes, as one sentence.

Pure. The text stands in `title` or `detail`, and the values at fault in members with odd names, so every
unknown member is shown (System Register contract §0.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

_KNOWN = frozenset(
    {
        "code",
        "detail",
        "errors",
        "instance",
        "paths",
        "status",
        "statusDescription",
        "title",
        "traceId",
        "type",
        "validationErrors",
    }
)
_LONGEST = 300
"""Characters of a body that is no problem, such as a server's stack trace."""


def explain_problem(body: Json, status: int, who: str = "register") -> str:
    """Give the reasons in an answer as one sentence; an empty body is described by its status."""
    messages: list[str] = []
    if isinstance(body, dict):
        messages = _explain_errors(body) or [
            _explain_one(body, str(body.get("detail") or body.get("title") or ""))
        ]
    elif isinstance(body, str) and not body.lstrip("\ufeff \t\r\n").startswith("<"):
        messages = [line[:_LONGEST].rstrip(". ") for line in body.strip().splitlines()[:1]]
    text = "; ".join(each for each in messages if each)
    return f"The {who} answered {status}{f': {text}' if text else ''}."


def _explain_errors(body: dict[str, Json]) -> list[str]:
    """Explain the validation errors of Altinn's shape, and those of ASP.NET's own."""
    messages = [
        _explain_one(error, str(error.get("title") or error.get("detail") or ""))
        for error in _list_errors(body)
    ]
    errors = body.get("errors")
    for name, texts in errors.items() if isinstance(errors, dict) else ():
        words = " ".join(map(str, texts)) if isinstance(texts, list) else str(texts)
        messages.append((f"{name}: {words}" if name else words).rstrip(". "))
    return messages


def _explain_one(problem: dict[str, Json], words: str) -> str:
    code = problem.get("code")
    text = " ".join(filter(None, ["" if code in (None, "STD-00000") else str(code), words.rstrip(". ")]))
    extra = [f"{name.strip(' :')}: {_show(value)}" for name, value in problem.items() if name not in _KNOWN]
    return " – ".join(filter(None, [text, *extra]))


def _show(value: Json) -> str:
    """Show a value at fault in full, in quotes where it ends like a sentence."""
    text = str(value)
    return f"`{text}`" if text != text.strip() or text.endswith(".") or not text else text


def _list_errors(body: dict[str, Json]) -> list[dict[str, Json]]:
    errors = body.get("validationErrors")
    return [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []


def read_codes(body: Json) -> tuple[str, ...]:
    """Read the codes of the validation errors, in the register's order."""
    errors = _list_errors(body) if isinstance(body, dict) else []
    return tuple(str(each["code"]) for each in errors if each.get("code"))


def read_trace(body: Json) -> str:
    """Read the trace id that Altinn's support asks for; empty where there is none."""
    return str(body.get("traceId") or "") if isinstance(body, dict) else ""


def says_not_found(body: Json) -> bool:
    """Say whether the body of a 404 is the one of the metadata APIs, and not a gateway's or a proxy's page."""
    return isinstance(body, dict) and (body.get("title") == "Not Found" or body.get("status") == 404)
