"""The register's problem bodies, in both of their shapes, as one sentence.

Pure. Matched by code; the text stands in `title` or `detail`, and the values at fault in members with odd
names, so every unknown member is shown (System Register contract §0.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model import Json

_KNOWN = frozenset({"code", "title", "detail", "paths", "type", "status", "traceId"})


def explain_problem(body: Json, status: int) -> str:
    """Say what an answer complains of; a body that says nothing is told by its status."""
    told = _explain_errors(body) if isinstance(body, dict) else []
    if isinstance(body, str) and not body.lstrip().startswith("<"):
        told = [body.strip().splitlines()[0][:300]] if body.strip() else []
    if isinstance(body, dict) and not told:
        told = [str(body.get("detail") or body.get("title") or "")]
    text = "; ".join(each.rstrip(".") for each in told if each)
    return f"The register answered {status}{f': {text}' if text else ''}."


def _explain_errors(body: dict[str, Json]) -> list[str]:
    told = []
    for error in body.get("validationErrors") or []:
        if isinstance(error, dict):
            extra = [f"{name.strip(' :')}: {value}" for name, value in error.items() if name not in _KNOWN]
            words = str(error.get("title") or error.get("detail") or "").rstrip(".")
            told.append(" – ".join(filter(None, [f"{error.get('code', '')} {words}".strip(), *extra])))
    errors = body.get("errors")
    if isinstance(errors, dict):
        told += [
            f"{name}: {' '.join(map(str, texts))}"
            for name, texts in errors.items()
            if isinstance(texts, list)
        ]
    return told


def read_codes(body: Json) -> tuple[str, ...]:
    """Read the codes of the validation errors, in the register's order."""
    errors = body.get("validationErrors") if isinstance(body, dict) else None
    return tuple(str(each.get("code", "")) for each in errors or [] if isinstance(each, dict))


def read_trace(body: Json) -> str:
    """Read the trace id that Altinn's support asks for; empty where there is none."""
    return str(body.get("traceId") or "") if isinstance(body, dict) else ""
