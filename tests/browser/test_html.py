"""The HTML report in a real browser: the filter works, the console is silent, nothing is fetched from anywhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.planning.change import Create
from reconciler.planning.diff import FieldChange
from reconciler.planning.plan import Plan, Target
from reconciler.render.formats import load_renderer
from tests.builders import VENDOR

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver import Chrome

pytestmark = pytest.mark.slow


def _write_report(folder: Path) -> Path:
    """Write the report of a plan with two systems, one of them hostile."""
    hostile = "<script>document.title='taken'</script><img src=https://evil.example/x onerror=alert(1)>"
    changes = tuple(
        Create(id=f"{VENDOR}_{name}", fields=(FieldChange(("name", "nb"), None, text),), document={})
        for name, text in (("quiet", "Stille"), ("hostile", hostile))
    )
    path = folder / "report.html"
    path.write_text(
        load_renderer("html").render_plan(Plan(Target("tt02", "https://x", VENDOR), changes)),
        encoding="utf-8",
    )
    return path


def _find_shown(browser: Chrome) -> list[str]:
    """Say which systems the page shows now."""
    text = browser.find_element("tag name", "body").text
    return [name for name in ("quiet", "hostile") if f"{VENDOR}_{name}" in text]


def _read_log(browser: Chrome, kind: str) -> list[dict[str, str]]:
    """Read what the browser logged."""
    rows: list[dict[str, str]] = browser.get_log(kind)  # type: ignore[no-untyped-call]  # selenium leaves it out
    return rows


def test_the_report_filters_and_fetches_nothing(browser: Chrome, tmp_path: Path) -> None:
    """Typing leaves the systems that match; hostile text stays text; only the page itself is loaded."""
    browser.get(_write_report(tmp_path).as_uri())
    assert _find_shown(browser) == ["quiet", "hostile"]
    assert browser.title != "taken"

    field = browser.find_element("css selector", "input")
    field.send_keys("stille")
    assert _find_shown(browser) == ["quiet"]
    field.clear()
    field.send_keys("no such word")
    assert _find_shown(browser) == []

    assert _read_log(browser, "browser") == []
    messages = [json.loads(row["message"])["message"] for row in _read_log(browser, "performance")]
    asked = [
        each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"
    ]
    # What the browser's own start page asks of itself is no request of the report's.
    assert [url for url in asked if not url.startswith(("file:", "data:", "chrome:"))] == []
