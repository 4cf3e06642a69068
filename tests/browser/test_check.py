"""A registration is proven from end to end, with the customer's answer on the embedded page, in a real browser.

Nothing else is needed: no account, no key, no network.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.builders import VENDOR, a_definition_text

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver import Chrome

pytestmark = pytest.mark.slow
SYSTEM = f"{VENDOR}_smartcloud"
SECONDS = 60
REQUESTS = {
    "standard": {
        "rights": ["ske-krav-og-betalinger"],
        "accessPackages": ["urn:altinn:accesspackage:skattegrunnlag"],
        "redirectUrl": "https://smartcloud.example/receipt",
    }
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Register a system in the embedded register."""
    root = tmp_path_factory.mktemp("newcomer")
    (root / "systems").mkdir()
    text = a_definition_text(id=SYSTEM, requests=REQUESTS)
    (root / "systems" / f"{SYSTEM}.yaml").write_text(text, encoding="utf-8")
    subprocess.run([*PROGRAM, "apply", "--yes"], cwd=root, check=True, capture_output=True, timeout=SECONDS)
    return root


PROGRAM = (sys.executable, "-m", "reconciler")


def start_check(root: Path, reference: str) -> subprocess.Popen[str]:
    """Start a check whose customer answers by hand."""
    words = [*PROGRAM, "check", SYSTEM, "--by-hand", "--reference", reference, "--patience", f"{SECONDS}s"]
    return subprocess.Popen(words, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_link(root: Path) -> str:
    """Read the link to the customer's page out of the file that the check writes for its user alone."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        for path in (root / ".reconciler" / "check").glob("*.link"):
            assert path.stat().st_mode & 0o777 == 0o600
            return path.read_text(encoding="utf-8").strip()
        time.sleep(0.05)
    raise AssertionError("no link was written")


@pytest.mark.parametrize(
    ("decision", "code", "last"),
    [("approve", 0, "Proven: "), ("reject", 1, "Not proven: ")],
    ids=["approve", "reject"],
)
def test_a_registration_is_proven_with_a_customer_in_a_browser(
    browser: Chrome, folder: Path, decision: str, code: int, last: str
) -> None:
    """Register, ask, answer on the embedded page, token, proof; a rejection ends it, and no link is in any output."""
    process = start_check(folder, f"by-{decision}")
    try:
        link = wait_for_link(folder)
        browser.get(link)
        assert "ske-krav-og-betalinger" in browser.find_element("tag name", "body").text
        browser.implicitly_wait(SECONDS)  # a click returns before the page that answers it is there
        browser.find_element("css selector", f"button[value={decision}]").click()
        shown = browser.find_element("id", "status").get_attribute("data-status")
        stdout, stderr = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
        process.communicate()

    assert shown == {"approve": "Accepted", "reject": "Rejected"}[decision]
    assert (process.returncode, stdout.splitlines()[-1].startswith(last)) == (code, True), stderr
    assert not any(each in text for text in (stdout, stderr) for each in (link, "/confirm", "?id="))
    assert list((folder / ".reconciler" / "check").glob("*.link")) == []


def test_the_same_without_a_browser(folder: Path) -> None:
    """The embedded customer says yes, in one command."""
    words = [*PROGRAM, "check", SYSTEM]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)

    assert (done.returncode, done.stdout.splitlines()[-1].partition(":")[0]) == (0, "Proven"), done.stderr
    steps = [each for each in done.stdout.splitlines()[:-1] if not each.startswith(" ")]
    assert [each.split()[0] for each in steps] == ["ok"] * 5
