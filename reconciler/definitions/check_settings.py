"""Reads what `check` asks whom for, out of the configuration.

    [[environments.NAME.checks]]
    system = "991825827_smartcloud"
    request = "standard"                                   # a template of the system's definition
    customer = "310904473"                                 # a test organisation
    reference = "reconciler-check"                         # left out, it is this
    scopes = ["altinn:accessmanagement/authorizedparties"] # of the token as the system user; left out, it is this

Every problem is reported with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from reconciler.model.environment import ORGANISATION, ConfiguredCheck, is_reference
from reconciler.model.suggest import find_nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

Report: TypeAlias = Callable[..., None]
"""Takes a problem, and the words below which it stands in the file."""
SCOPE_FORM = re.compile(r"[A-Za-z0-9:/._-]{1,200}")
"""The letters of scopes in use; a grant separates several by blanks."""
REQUIRED = ("system", "request", "customer")
_KNOWN = ConfiguredCheck._fields
_CHECKS = "checks"


def read_checks(given: object, environment: str, report: Report) -> Iterator[ConfiguredCheck]:
    """Read the checks of an environment; a wrong one is reported and left out."""
    if not isinstance(given, list) or not all(isinstance(each, Mapping) for each in given):
        report(f"`{_CHECKS}` of `{environment}` is not a list of tables, `[[…]]`", _CHECKS)
        return
    for each in given:
        problems = list(_find_problems(each, environment))
        where = (_CHECKS, *([each["system"]] if isinstance(each.get("system"), str) else []))
        for problem, *words in problems:
            report(problem, *where, *words)
        if not problems:
            members: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value for name, value in each.items()
            }
            yield ConfiguredCheck(**members)


def _find_problems(table: Mapping[str, object], environment: str) -> Iterator[tuple[str, ...]]:
    """Find what is wrong with one check: each problem, and the setting where it is."""
    of = f"of a check of `{environment}`"
    for name in table:
        if name not in _KNOWN:
            near = find_nearest(name, _KNOWN)
            yield f"`{name}` is not a setting {of}" + (f"; did you mean `{near}`?" if near else ""), name
    for name in REQUIRED:
        if name not in table:
            yield (f"a check of `{environment}` has no `{name}`",)
    wrong = [name for name in _FORMS if name in table and not _FORMS[name].fits(table[name])]
    for name in wrong:
        yield f"`{name}` {of} is not {_FORMS[name].form}", name
    if not wrong and "customer" in table and table["customer"] == table.get("reference"):
        yield f"`reference` {of} is the customer's own number, which its real system user has", "reference"


class _Form(NamedTuple):
    """What a setting has to be, and that in words."""

    fits: Callable[[object], bool]
    form: str


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_organisation(value: object) -> bool:
    return isinstance(value, str) and ORGANISATION.fullmatch(value) is not None


def _are_scopes(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, str) and SCOPE_FORM.fullmatch(each) for each in value)
    )


_FORMS: Mapping[str, _Form] = {
    "system": _Form(_is_text, "a text"),
    "request": _Form(_is_text, "a text"),
    "customer": _Form(_is_organisation, 'an organisation number in quotation marks, such as "310904473"'),
    "reference": _Form(
        lambda value: isinstance(value, str) and is_reference(value),
        "a short text of letters, digits, `-`, `_`, `.` and `~`",
    ),
    "scopes": _Form(_are_scopes, "a list of scopes with at least one"),
}
