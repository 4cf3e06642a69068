"""`register serve` for others: its address, its control token, and the JSON that it starts with (row E26)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.__main__ import run
from tests.builders import a_definition_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reconciler.model.canonical_json import Json

SECRET = "let-me-in"
ORG = "991825827"


def make_document(name: str, **changes: Json) -> dict[str, Json]:
    """Make a document as the register answers it."""
    texts = {"nb": name, "nn": name, "en": name}
    vendor = {"authority": "iso6523-actorid-upis", "ID": f"0192:{ORG}"}
    return {"id": f"{ORG}_{name}", "vendor": vendor, "name": texts, "description": texts, **changes}


@contextmanager
def serve(folder: Path, *words: str, **environ: str) -> Iterator[tuple[dict[str, str], Sequence[str]]]:
    """Run the program until the block ends; give its addresses, and what it says meanwhile."""
    kept = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    said: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-m", "reconciler", "register", "serve", "--format", "json", *words],
        cwd=folder,
        env={**kept, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        timer = Timer(60, process.kill)
        timer.start()
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        try:
            yield json.loads(line or "{}"), said
        finally:
            process.terminate()
            said += process.stderr.read().splitlines()
            timer.cancel()


@pytest.mark.slow
def test_published_with_json_seeds(tmp_path: Path) -> None:
    """E26: host, public address and control token; seeds are definitions, answers and request bodies."""
    (tmp_path / "yaml.yaml").write_text(a_definition_text(id=f"{ORG}_yaml", vendor=ORG))
    answers = [make_document("answer"), make_document("gone", isDeleted=True)]
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "answers.json").write_text(json.dumps(answers))
    body = {name.capitalize(): value for name, value in make_document("body").items()}
    (tmp_path / "body.json").write_text(json.dumps(body), encoding="utf-8-sig")
    (tmp_path / ".hidden.json").write_text("nonsense")
    words = ("--host", "0.0.0.0", "--public-url", "https://x.example/", "--seed", str(tmp_path))  # noqa: S104 - the case

    with serve(tmp_path, *words, RECONCILER_CONTROL_TOKEN=SECRET) as (addresses, said):
        local = addresses["local"]
        refused = httpx.get(f"{local}/control/systems")
        shown = {"Authorization": f"Bearer {SECRET}"}
        systems = httpx.get(f"{local}/control/systems", headers=shown).raise_for_status().json()

    assert refused.status_code == 401
    assert addresses["base"] == "https://x.example"
    assert addresses["maskinporten"] == "https://x.example/maskinporten/"
    assert local.startswith("http://127.0.0.1:")
    held = {each["id"]: each["isDeleted"] for each in systems}
    assert held == {f"{ORG}_{name}": name == "gone" for name in ("answer", "body", "gone", "yaml")}
    assert SECRET not in "".join(said)


@pytest.mark.slow
def test_closed_is_said(tmp_path: Path) -> None:
    """E26: who publishes it without a token reads that the control endpoint is closed, and how to open it."""
    with serve(tmp_path, "--public-url", "https://x.example") as (addresses, said):
        refused = httpx.get(f"{addresses['local']}/control/clock")

    assert refused.status_code == 403
    assert any("RECONCILER_CONTROL_TOKEN" in line for line in said)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "seed.json is not JSON"),
        ("[1]", "'id' and 'vendor' are missing"),
        ('{"systemId": "x"}', "'id' and 'vendor' are missing"),
        ('{"id": "x", "vendor": {"ID": "0192:1"}}', "seed 1 (x)"),
    ],
)
def test_a_json_seed_that_is_no_system(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: str,
    message: str,
) -> None:
    """E26: no JSON file in the folder is passed over without a word."""
    (tmp_path / "seed.json").write_text(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["reconciler", "register", "serve", "--seed", str(tmp_path)])

    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}

    code = run()
    for each, handler in handlers.items():
        signal.signal(each, handler)

    assert code == 2
    assert message in " ".join(capsys.readouterr().err.split())
