"""Asks an environment's metadata APIs for the rights and packages that documents name.

The register asks the same two of every right and access package at every write (System Register contract
§4, Q18), so what they do not know is refused. No answer is not the same as "not found": an outage, a time-out or
the page of a proxy leaves a name unanswered.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from reconciler.clients.parallel import ask_all
from reconciler.errors import CredentialsError, RegisterError, Unintelligible
from reconciler.model.catalogue import (
    PACKAGE_PREFIX,
    ROUTES,
    Asked,
    Catalogue,
    KnownResource,
    PackageFlags,
    list_asked,
)
from reconciler.model.suggest import LONGEST_NAME, NameIndex

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from typing import NoReturn

    from reconciler.clients.register import Register
    from reconciler.model.canonical_json import Json
    from reconciler.model.secret import Secret

Answer: TypeAlias = "Mapping[str, Json] | RegisterError | None"
"""What is known of a name, None where the environment does not know it, or why there is no answer."""
NEAREST = 3
"""So many names are given for one that is unknown."""
MOST_FAILURES = 3
"""After so many failures of one of the two APIs it is asked nothing more: each costs the whole time of a reading."""


class WithoutToken:
    """Stands for the tokens where only the metadata APIs are asked, which take none."""

    def token(self) -> NoReturn:
        """Raise `CredentialsError`: nothing may be asked here that needs a token."""
        raise CredentialsError("Something other than metadata was asked for, without a credential.")

    def renew(self, stale: Secret) -> NoReturn:
        """Raise `CredentialsError` likewise."""
        del stale
        self.token()


def look_up(asked: Iterable[Asked], register: Register, source: str) -> Catalogue:
    """Ask for each name once, several at a time, and for the names that are nearest to what is unknown.

    `source` ends a sentence: `in tt02`. Nothing is raised for what the APIs do: it stands in the catalogue.
    """
    wanted = {f"{each.what} {each.name}": each for each in asked if each.can_exist}
    failures: Counter[str] = Counter()
    last: dict[str, RegisterError] = {}

    def ask(key: str) -> Answer:
        what = wanted[key].what
        if failures[what] >= MOST_FAILURES:
            return last[what]
        try:
            return _check_described(wanted[key], _ask(wanted[key], register))
        except RegisterError as failure:
            last[what] = failure
            failures[what] += 1
            return failure

    given = ask_all(ask, [*wanted], workers=register.workers)
    answers = {wanted[key]: answer for key, answer in given.items()}
    near = _find_near([each for each, answer in answers.items() if answer is None], register)
    return _gather(answers, source, near)


def _ask(asked: Asked, register: Register) -> Mapping[str, Json] | None:
    if asked.what == "resource":
        return register.read_resource(asked.name)
    return register.read_package(asked.name)


def _check_described(asked: Asked, answer: Mapping[str, Json] | None) -> Mapping[str, Json] | None:
    """Raise `Unintelligible` where an answer does not have what every description has (contract §8.1, §8.2)."""
    named = ("identifier", str) if asked.what == "resource" else ("isAssignable", bool)
    if answer is not None and not isinstance(answer.get(named[0]), named[1]):
        raise Unintelligible(f"The answer for `{asked.name}` has no `{named[0]}`, so it is no metadata.")
    return answer


def _gather(
    answers: Mapping[Asked, Answer], source: str, near: Mapping[Asked, tuple[str, ...]] | None = None
) -> Catalogue:
    found = {
        each: answer
        for each, answer in answers.items()
        if answer is not None and not isinstance(answer, RegisterError)
    }
    return Catalogue(
        {name.lower(): _read_flags(one) for (what, name), one in found.items() if what == "package"},
        source,
        {name: _read_resource(one) for (what, name), one in found.items() if what == "resource"},
        {each: (near or {}).get(each, ()) for each, answer in answers.items() if answer is None},
        {each: answer.message for each, answer in answers.items() if isinstance(answer, RegisterError)},
    )


def _read_resource(found: Mapping[str, Json]) -> KnownResource:
    kind, name = found.get("resourceType", "Default"), found.get("identifier") or ""
    return KnownResource(str(kind)[:LONGEST_NAME], str(name)[:LONGEST_NAME])


def _read_flags(found: Mapping[str, Json]) -> PackageFlags:
    return PackageFlags(
        bool(found.get("isDelegable")),
        bool(found.get("isAssignable")),
        urn=str(found.get("urn") or "")[:LONGEST_NAME],
    )


def _find_near(unknown: Collection[Asked], register: Register) -> dict[Asked, tuple[str, ...]]:
    """Find the names nearest to those that an environment does not know, in its own lists, one request each.

    Where a list cannot be had, no name is given.
    """
    near: dict[Asked, tuple[str, ...]] = {}
    resources = [each for each in unknown if each.what == "resource"]
    packages = [each for each in unknown if each.what == "package"]
    with suppress(RegisterError):
        if resources:
            apps = any(each.name.lower().startswith("app_") for each in resources)
            names = NameIndex(register.list_resources(apps=apps))
            near |= {each: names.find(each.name, NEAREST) for each in resources}
    with suppress(RegisterError):
        if packages:
            names = NameIndex(urn.removeprefix(PACKAGE_PREFIX) for urn in register.list_packages())
            for each in packages:
                found = names.find(each.name.rpartition(":")[2], NEAREST)
                near[each] = tuple(PACKAGE_PREFIX + name for name in found)
    return near


def find_doubt(document: Mapping[str, Json], register: Register) -> str:
    """Say why the register may refuse what a document asks for; empty where there is no sign of that.

    The first doubt ends the search, and what cannot be looked up is one.
    """
    visible = bool(document.get("isVisible"))
    for asked in list_asked(document):
        if asked.what == "resource" and asked.name.lower() in ROUTES:
            return f"`{asked.name}` is a page of the Resource Registry, and no resource"
        try:
            answer = _ask(asked, register)
        except RegisterError as failure:
            return f"what it asks for could not be looked up: {failure.message}"
        known = _gather({asked: answer}, "in this environment")
        for doubt in known.judge(asked, visible=visible):
            return f"`{asked.name}` {doubt.says}"
    return ""
