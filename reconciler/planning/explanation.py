"""The one registry of what a finding, an impact, a difference and a code of the register mean.

Pure. Whatever an output names by an id is found here, so `reconciler explain` knows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from reconciler.planning.drift import PAGES, READER_WROTE
from reconciler.planning.impact_rules import IMPACTS
from reconciler.planning.key_expiry import KEY_EXPIRY
from reconciler.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BLOCKED, REMOVED, UNLISTED = "change-blocked", "becomes-unmanaged", "unmanaged-unlisted"
AGAINST, UNJUDGED = "register-not-asked", "definition-not-judged"
"""What a plan says of a system beside its impacts."""
_PLAN: Mapping[str, tuple[str, str]] = {
    BLOCKED: (
        "error",
        (
            "Something is to be done and cannot be, or must not be until the file says it clearly.\n\n"
            "The register would refuse it, or it would lose what the definition does not mention. A blocked change is\n"
            "never sent; the others are."
        ),
    ),
    REMOVED: (
        "warning",
        (
            "A definition is removed, and its system stays registered.\n\n"
            "The absence of a file is never a request to delete; `withdrawn: true` is."
        ),
    ),
    UNLISTED: (
        "warning",
        (
            "The register did not list all systems of the vendor, so the unmanaged ones are not known.\n\n"
            "There may be some, and a client id that one of them holds cannot be claimed. Run it again when the\n"
            "register answers."
        ),
    ),
    UNJUDGED: (
        "error",
        (
            "A definition cannot be used, so what becomes of its system is not known.\n\n"
            "The others are planned and compared all the same, except a client id that this one holds or seems to\n"
            "ask for. Apply refuses as a whole until it is correct; `reconciler validate` says what is wrong.\n\n"
            "In a plan made with `--against`, a warning: the file cannot be used at that revision. Its system is left\n"
            "out, since it would look new; a plan against the register says what becomes of it."
        ),
    ),
    AGAINST: (
        "note",
        (
            "The plan was made with `--against`: the definitions at a git revision stand for the register.\n\n"
            "What was changed in the register by hand, what is not applied yet, and the number of system users are\n"
            "not known, and rights and access packages are not looked up: `reconciler validate --online` does that.\n"
            "Such a plan is for reading; apply refuses it."
        ),
    ),
    READER_WROTE: (
        "error",
        (
            "The client that this run reads with has written, and `clients` of the configuration names others.\n\n"
            "Its key lies where pull requests are planned, so somebody may have it. Change it, look at\n"
            "`reconciler history ID`, and let apply put right what differs. It is drift for 30 days, whatever\n"
            "differs, or until one of `clients` writes to the system again; later it is a warning."
        ),
    ),
    KEY_EXPIRY: (
        "warning",
        (
            "The key of this environment ends within 30 days, or has ended, by `key_expires` of the configuration.\n\n"
            "Maskinporten takes a key for a year at most, and every run fails from its end on. Register another one\n"
            "beside it, change the secret, and then the day in the configuration: docs/howto/rotate-keys.md."
        ),
    ),
}
_PREFIX = "AUTH.VLD-"
_REQUESTS, _PORTAL = "AUTH-", "AMUI-"
"""How codes on the customers' side begin, in the service and in the portal (System users contract §10)."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What an id stands for: its page, whose first paragraph is the summary, and how much it matters."""

    id: str
    level: str
    """One word: a severity, a weight, `drift`, or `register` and `request` for what those are answered."""
    kind: str
    """In parentheses behind the id."""
    page: str

    @property
    def summary(self) -> str:
        """The first paragraph of the page, on one line."""
        return " ".join(self.page.partition("\n\n")[0].split())


@cache
def read_explanations() -> Mapping[str, Explanation]:
    """Give every explanation by its id: rules, impacts, what a plan and drift report, and codes of answers."""
    found = [*_explain_rules(), *_explain_reports(), *_explain_codes(), *_explain_request_codes()]
    return {each.id: each for each in found}


def _explain_rules() -> Iterator[Explanation]:
    for rule in RULES.values():
        kind = f"{rule.severity.value}{f', {rule.code} in the register' if rule.code else ''}"
        allowed = "" if rule.allowable else "\n\nIt knows no exceptions: `allow:` does not reach it."
        yield Explanation(rule.id, rule.severity.value, kind, rule.page + allowed)


def _explain_reports() -> Iterator[Explanation]:
    for impact in IMPACTS.values():
        yield Explanation(impact.id, impact.weight.value, f"{impact.weight.value} impact", impact.page)
    for name, (level, page) in _PLAN.items():
        yield Explanation(name, level, f"{level} in a plan", page)
    for kind, page in PAGES.items():
        yield Explanation(kind.slug, "drift", "a difference that drift finds", page)


def _explain_codes() -> Iterator[Explanation]:
    """Explain the register's codes (System Register contract §3), with the rules that find the same before."""
    text = files("reconciler").joinpath("data/error_codes.tsv").read_text(encoding="utf-8")
    for line in text.splitlines()[1:]:
        code, requests, words, when, advice = line.split("\t")
        rules = [rule.id for rule in RULES.values() if rule.code == code]
        before = f"\n\n`reconciler validate` finds it before: {', '.join(rules)}." if rules else ""
        page = f"{words.rstrip('.')}.\n\nAnswered to {requests}. {when}\n\nFix: {advice}{before}"
        yield Explanation(code, "register", "400 from the register", page)


def _explain_request_codes() -> Iterator[Explanation]:
    """Explain the codes on the customers' side (System users contract §10), likewise."""
    text = files("reconciler").joinpath("data/request_codes.tsv").read_text(encoding="utf-8")
    for line in text.splitlines()[1:]:
        code, status, answered, when, advice, rules = line.split("\t")
        before = f"\n\n`reconciler validate` finds it before: {rules}." if rules else ""
        page = f"{when}\n\nAnswered to {answered}. The customer's portal shows it as {_PORTAL}{code[5:]}."
        yield Explanation(code, "request", f"{status} to a request", f"{page}\n\nFix: {advice}{before}")


def find_explanation(name: str) -> Explanation | None:
    """Find what an id means; of a code the number is enough. None for an unknown id."""
    known = read_explanations()
    number = name.upper().removeprefix(_PREFIX).removeprefix("VLD-")
    code = name.upper().replace(_PORTAL, _REQUESTS, 1)
    return known.get(name) or known.get(name.lower()) or known.get(_PREFIX + number) or known.get(code)
