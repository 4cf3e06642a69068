"""Redirect URLs as others answered them: the running service, and .NET's own `System.Uri`.

`redirects_recorded.json` holds every redirect URL of the recorded requests: the text sent, what a POST and what a
PUT made of it (the text stored; 400 for a text that is no URL; 5 for `AUTH.VLD-00005`; 500; null where it was not
sent), and how often. `redirects_dotnet.json` holds generated texts that .NET 10.0 was asked about in invariant
mode: the text, what it prints (null for one that it does not read), and what it prints of that where it differs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.model.redirect_url import canonicalise, is_steady, parse_redirect
from reconciler.rules.registry import SYSTEM_CHECKS
from tests.builders import a_resolved

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

HERE = Path(__file__).parent
RECORDED = json.loads((HERE / "redirects_recorded.json").read_text(encoding="utf-8"))
DOTNET = json.loads((HERE / "redirects_dotnet.json").read_text(encoding="utf-8"))
CHANGED_BY_RULE = {"redirect-duplicate", "redirect-fragment", "redirect-respelt"}
"""What looks at other URLs, or is no error."""


def _find_errors(urls: list[str]) -> dict[int, set[str]]:
    """Ask the rules on redirect URLs, and give the ids of those that each URL breaks."""
    found: dict[int, set[str]] = {}
    whole = a_resolved()
    subject = whole._replace(system=whole.system.model_copy(update={"allowedRedirectUrls": tuple(urls)}))
    for rule, check in SYSTEM_CHECKS:
        if rule.id.startswith("redirect-") and rule.id not in CHANGED_BY_RULE:
            for fault in check(subject):
                found.setdefault(int(fault.path[1]), set()).add(rule.id)
    return found


def test_every_recorded_url_is_stored_as_it_is_canonicalised() -> None:
    """P10, P11, R8, R17, R18: what the running service stored is the canonical form."""
    wrong: list[Json] = []
    for sent, *answers, _ in RECORDED:
        mine = canonicalise(sent)
        for answer in answers:
            if isinstance(answer, str):
                wrong += [] if mine == answer else [(sent, answer, mine)]
            elif answer == 400:
                wrong += [] if mine is None else [(sent, answer, mine)]
            elif answer is not None:
                wrong += [] if mine is None or not mine.startswith("https:") else [(sent, answer, mine)]

    assert wrong == []
    assert len(RECORDED) > 380


def test_every_generated_url_is_read_as_dotnet_reads_it() -> None:
    """P10, P11, R8, R17, R18: texts that nobody writes are read alike too, the first and the second time."""
    wrong: list[Json] = []
    for sent, stored, *again in DOTNET:
        mine = canonicalise(sent)
        if mine != stored or (stored is not None and canonicalise(stored) != [*again, stored][0]):
            wrong.append((sent, stored, mine))

    assert wrong == []
    assert len(DOTNET) > 1300


def test_what_the_rules_let_through_is_taken_and_stays() -> None:
    """P10, R17, R22: a POST takes what no rule finds fault with, and stores what it will return for ever."""
    texts = {sent: stored for sent, stored, *_ in DOTNET} | {sent: post for sent, post, *_ in RECORDED}
    urls = list(texts)
    errors = _find_errors(urls)
    clean = [url for index, url in enumerate(urls) if index not in errors and texts[url] is not None]
    wrong = [
        url for url in clean if texts[url] != canonicalise(url) or canonicalise(texts[url]) != texts[url]
    ]

    assert wrong == []
    assert len(clean) > 400


def test_what_the_register_refuses_or_changes_later_is_an_error() -> None:
    """P10, R17: the other way round, what a POST refused or what does not settle is found offline."""
    refused = [sent for sent, post, *_ in RECORDED if post in (5, 400)]
    unread = [sent for sent, stored, *_ in DOTNET if stored is None]
    restless = [sent for sent, _, *again in DOTNET if again]
    urls = [*refused, *unread, *restless]
    errors = _find_errors(urls)

    assert [url for index, url in enumerate(urls) if index not in errors] == []
    assert all(is_steady(each) is False for url in restless if (each := parse_redirect(url)))
