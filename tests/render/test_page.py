"""The page needs nothing from anywhere, allows nothing but itself, and can be read by everybody."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from reconciler.render.formats import load_renderer
from tests.render.samples import a_plan, a_report, an_empty_plan, an_untraced_plan, some_findings

PAGES = {
    "plan": load_renderer("html").render_plan(a_plan()),
    "plan-untraced": load_renderer("html").render_plan(an_untraced_plan()),
    "plan-empty": load_renderer("html").render_plan(an_empty_plan()),
    "drift": load_renderer("html").render_drift(a_report()),
    "findings": load_renderer("html").render_findings(some_findings(), 3),
}


class _Outline(HTMLParser):
    """Notes a page's headings, table headers, ids, and the texts of its style and script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self._inside, data)

    def select(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_the_policy_allows_this_style_and_this_script_alone(page: str) -> None:
    """Everything is forbidden but the two texts that stand in the page, by their hashes."""
    outline = _Outline(page)
    (policy,) = (each["content"] for each in outline.select("meta") if "http-equiv" in each)

    rules = dict(rule.split(" ", 1) for rule in (policy or "").split("; "))
    assert set(rules) == {"default-src", "style-src", "script-src", "base-uri", "form-action"}
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(outline.texts[tag].encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"
    assert {rules[name] for name in ("default-src", "base-uri", "form-action")} == {"'none'"}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_nothing_is_loaded(page: str) -> None:
    """No tag and no style names anything outside the page."""
    outline = _Outline(page)

    assert not [
        tag for tag, attributes in outline.found if {"src", "href", "srcset", "style"} & set(attributes)
    ]
    assert not re.search(r"url\(|@import|@font-face", outline.texts["style"])
    assert not re.search(r"fetch|XMLHttp|import\b|innerHTML|eval", outline.texts["script"])


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_everybody_can_read_it(page: str) -> None:
    """It has a language, a title, one first heading and none skipped, labelled input and headed tables."""
    outline = _Outline(page)
    levels = [int(tag[1]) for tag, _ in outline.found if re.fullmatch(r"h\d", tag)]
    ids = [attributes["id"] for _, attributes in outline.found if "id" in attributes]

    assert outline.select("html") == [{"lang": "en"}]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert [each["for"] for each in outline.select("label")] == ["filter"]
    assert len(ids) == len(set(ids))
    assert all(each.get("scope") == "col" for each in outline.select("th"))
    assert len(outline.select("caption")) == len(outline.select("table"))


def test_it_is_made_for_paper_and_for_the_dark() -> None:
    """The style knows printers and dark screens."""
    style = _Outline(PAGES["plan"]).texts["style"]

    assert "@media print" in style
    assert "prefers-color-scheme: dark" in style


@pytest.mark.parametrize(
    "label",
    [
        "not applied yet",
        "overwrites what others set",
        "also changed in the register by others",
        "origin not known",
    ],
)
def test_every_origin_is_labelled(label: str) -> None:
    """A field says behind its value where it comes from, where that is not this change."""
    assert re.search(rf"  # {label}(, line \d+)?</span>", PAGES["plan"])


def test_drift_tells_who_and_when() -> None:
    """Time, organisation, client, kind of write and acceptance stand beside each difference."""
    page = PAGES["drift"]

    for shown in ("2026-11-19T02:14:08Z", "310904473", "a1b2c3d4-0000-4000-8000-000000000001"):
        assert f"<td>{shown}</td>" in page
    assert "with the rights endpoint" in page
    assert "accepted until 2026-12-24: Shown for the fair" in page
    assert "the change log does not say when and by whom" in page


def test_what_to_write_is_shown_as_code() -> None:
    """A phrase of ours keeps no backticks on the page."""
    assert "with <code>withdrawn: true</code>." in PAGES["plan"]
