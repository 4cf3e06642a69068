"""`reconciler fmt` as a person runs it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.served import Repository

pytestmark = pytest.mark.slow

ODD = b"\xef\xbb\xbfVendor: '991825827'\r\nid: 991825827_odd # the id\r\n"
FORMED = b"\xef\xbb\xbfid: 991825827_odd # the id\r\nvendor: '991825827'\r\n"


def test_fmt_writes_what_check_lists(repository: Repository) -> None:
    """`--check` lists the files and writes nothing; without it they are written, and nothing is left."""
    odd = repository.root / "systems/991825827_odd.yaml"
    odd.write_bytes(ODD)
    odd.chmod(0o644)

    listed = repository.run("fmt", "--check", str(odd))
    assert (listed.returncode, listed.stdout) == (
        1,
        "systems/991825827_odd.yaml\n1 file, of which 1 would change.\n",
    )
    assert odd.read_bytes() == ODD

    written = repository.run("fmt", str(odd))
    assert (written.returncode, written.stdout) == (
        0,
        "systems/991825827_odd.yaml\n1 file, of which 1 changed.\n",
    )
    assert odd.read_bytes() == FORMED
    if os.name == "posix":
        assert odd.stat().st_mode & 0o777 == 0o644
    assert repository.run("fmt", "--check", str(odd)).returncode == 0


def test_what_cannot_be_read_is_reported(repository: Repository) -> None:
    """A broken file is named with its line, and the others are formatted."""
    (repository.root / "systems/broken.yaml").write_text("id: 'x\n", encoding="utf-8")
    odd = repository.root / "systems/991825827_odd.yaml"
    odd.write_bytes(ODD)

    done = repository.run("fmt")

    assert done.returncode == 1
    assert "systems/broken.yaml:1:5: error yaml-syntax" in done.stderr
    assert odd.read_bytes() == FORMED


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_stays_a_link(repository: Repository) -> None:
    """The file that it leads to is written."""
    odd = repository.root / "systems/991825827_odd.yaml"
    odd.write_bytes(ODD)
    link = repository.root / "systems/link.yaml"
    link.symlink_to(odd.name)

    assert repository.run("fmt", str(link)).returncode == 0
    assert link.is_symlink()
    assert odd.read_bytes() == FORMED
