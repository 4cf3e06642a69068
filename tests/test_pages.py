"""What the pages for users show is what happens: every command of theirs is carried out, and its output compared."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import typer
from typer._click import Context

from reconciler.cli.main import app
from reconciler.emulator import start
from tests.builders import VENDOR
from tests.citations import DOCS, ROOT
from tests.git import git
from tests.pages import Reader, accept, is_as_shown, read_blocks, read_commands, read_fences, read_in
from tests.preloaded import preload
from tests.published_bodies import BODIES
from tests.served import OTHER_CLIENT_ID, SCOPE, VENDOR_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer._click import Command

    from reconciler.emulator import Emulator

QUICK = ("howto/own-repository",)
"""The pages that are carried out with the quick tests."""
_READER = pytest.mark.skipif(
    sys.platform == "win32" or not shutil.which("bash") or not shutil.which("curl"),
    reason="a reader has a POSIX shell and curl",
)
_CONFIG = {"unknown_clients": "accept", "unknown_resources": "accept"}
_PAGES = [
    page.relative_to(DOCS).with_suffix("").as_posix()
    for page in sorted(DOCS.rglob("*.md"))
    if page.name != "adopt.md" and read_blocks(page.read_text(encoding="utf-8"))
]
"""Every page with something to carry out but one, which is carried out in two ways."""
_PROGRAMS = {"audit": "jq"}
"""What a page's reader needs besides."""


def _follow(page: Path, reader: Reader, request: pytest.FixtureRequest) -> None:
    """Carry out a page, and rewrite it with `--accept`."""
    text = page.read_text(encoding="utf-8")
    reader.follow(text)
    if request.config.getoption("--accept"):
        page.write_text(accept(text, reader.differences), encoding="utf-8")
        return
    assert [(each.shown.command, each.shown.output, each.printed) for each in reader.differences] == []


@pytest.fixture(scope="module")
def preloaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Load the program once for all pages, since they start it some hundred times."""
    with preload(tmp_path_factory.mktemp("preloaded"), Path(sys.executable).parent / "reconciler") as folder:
        yield folder


@_READER
@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=[] if each in QUICK else pytest.mark.slow) for each in _PAGES]
)
def test_a_page_shows_what_happens(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Every command of a page does what it shows, in an empty folder."""
    if not shutil.which(_PROGRAMS.get(name, "curl")):
        pytest.skip(f"{_PROGRAMS[name]} is not installed")
    root = tmp_path / "systems-of-ours"
    root.mkdir()
    programs = None if name in QUICK else request.getfixturevalue("preloaded")  # which takes longer to load
    with read_in(root, programs) as reader:
        _follow(DOCS / f"{name}.md", reader, request)


@contextmanager
def _serve_thirteen(port: str) -> Iterator[Emulator]:
    """Serve a register in which thirteen systems were registered, as the guides say it."""
    with start(_CONFIG, port=int(port)) as emulator:
        query = {"env": "local", "orgNo": VENDOR, "scopes": SCOPE, "clientId": OTHER_CLIENT_ID}
        token = httpx.get(f"{emulator.base}/api/GetEnterpriseToken", params=query).text.strip('"')
        for body in BODIES:
            answer = httpx.post(
                emulator.base + VENDOR_PATH, json=body, headers={"Authorization": f"Bearer {token}"}
            )
            assert answer.status_code == 200, (body, answer.text)
        yield emulator


@pytest.fixture(scope="module")
def wheel_programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an environment of its own, which sees the libraries of this one."""
    root = tmp_path_factory.mktemp("wheel")
    made = root / "made"
    subprocess.run([sys.executable, "-m", "venv", str(made)], check=True, capture_output=True)
    pip = [str(made / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    for words in (
        ["wheel", "--no-deps", "--wheel-dir", str(root / "dist"), str(ROOT)],
        [
            "install",
            "--no-deps",
            "--no-index",
            "--find-links",
            str(root / "dist"),
            "systemregister-reconciler",
        ],
    ):
        done = subprocess.run([*pip, *words], cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    (site,) = made.glob("lib/python*/site-packages")
    (site / "libraries.pth").write_text(f"{Path(httpx.__file__).parent.parent}\n", encoding="utf-8")
    where = subprocess.run(
        [made / "bin" / "python", "-c", "import reconciler; print(reconciler.__file__)"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(site))
    return made / "bin"


@_READER
@pytest.mark.slow
@pytest.mark.parametrize("installed", ["editable", "wheel"])
def test_existing_systems_are_adopted_in_eight_commands(
    installed: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Thirteen systems in every published spelling: files, a plan, an edit, apply, and no drift."""
    programs = request.getfixturevalue("wheel_programs") if installed == "wheel" else None
    git(tmp_path, "init", "-q", "-b", "main")
    with read_in(tmp_path, programs) as reader, _serve_thirteen(reader.ports["8080"]):
        _follow(DOCS / "adopt.md", reader, request)
    assert len(reader.commands) <= 8
    assert [each.split()[1] for each in reader.commands if each.startswith("reconciler ")] == [
        "init",
        "import",
        "plan",
        "apply",
        "drift",
    ]


@_READER
@pytest.mark.slow
def test_the_commands_of_the_readme_do_what_it_says(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The commands behind the newcomer's, with the sample systems."""
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parent.parent)
    shutil.copytree(ROOT / "systems", tmp_path / "systems")
    with read_in(tmp_path) as reader:
        _follow(ROOT / "README.md", reader, request)
    assert len(reader.commands) > 0


_CODE = re.compile(r"^```\w*\n(.*?)^```$|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
_TYPED = re.compile(r"(?:^|(?<=[\s$(])|(?<=bin/))reconciler ((?:[a-z]+ ?)+)([^\n`|]*)", re.MULTILINE)


_PROGRAM = typer.main.get_command(app)


@cache
def _find_command(words: tuple[str, ...]) -> Command | None:
    """Find the verb that a command line begins with; `None` where there is none of that name."""
    found: Command = _PROGRAM
    for word in words:
        if not hasattr(found, "get_command"):
            break
        below = found.get_command(Context(found), word)
        if below is None:
            return None
        found = below
    return found


def _list_wrong(page: Path) -> list[str]:
    """List the command lines of a page whose verb, or one of whose long options, does not exist."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [block or span for block, span in _CODE.findall(text)]
    wrong = []
    for words, rest in _TYPED.findall("\n".join(lines)):
        command = _find_command(tuple(words.split()))
        known = {name for each in command.params for name in each.opts} if command else set()
        if command is None or not set(re.findall(r"(?<!\S)--[a-z-]+", rest)) <= {*known, "--help"}:
            wrong.append(f"reconciler {words}{rest}")
    return wrong


def test_a_command_that_is_named_anywhere_exists() -> None:
    """Each verb and long option on any page, also where it is not carried out, is one of the program's."""
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    wrong = {page.relative_to(ROOT).as_posix(): _list_wrong(page) for page in pages}

    assert {name: lines for name, lines in wrong.items() if lines} == {}


def test_the_readme_that_init_writes_names_commands_that_exist(tmp_path: Path) -> None:
    """It is package data, and its commands stand in it as indented lines."""
    text = (ROOT / "reconciler" / "data" / "repository_readme.md").read_text(encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(f"```sh\n{text}```\n", encoding="utf-8")

    assert text.count("\n       reconciler ") == 3
    assert _list_wrong(page) == []


def test_a_command_that_does_not_exist_is_found(tmp_path: Path) -> None:
    """In a block, over two lines, and in a sentence."""
    page = tmp_path / "page.md"
    page.write_text(
        "```sh\n$ reconciler plan \\\n  --ou x\nreconciler applys\nreconciler plan -e tt02\n```\n"
        "As `reconciler register serve --prt 1`, `reconciler register serve --port 1` and `reconciler plan --out x`.\n"
    )

    assert [re.sub(r" +", " ", each) for each in _list_wrong(page)] == [
        "reconciler plan --ou x",
        "reconciler applys",
        "reconciler register serve --prt 1",
    ]


def _list_unaccounted(text: str) -> list[str]:
    """List the blocks of a page that hold commands, are not carried out, and bear no reason for it."""
    without_made = re.sub(
        r"^<!-- made: (\S+) -->.*?^<!-- end of \1 -->$", "", text, flags=re.MULTILINE | re.DOTALL
    )
    bare = len(re.findall(r"^```$", text, re.MULTILINE)) != len(re.findall(r"^```\w+$", text, re.MULTILINE))
    others = [
        each.text
        for each in read_fences(without_made)
        if each.language not in {"sh", "console"}
        and not each.mark.startswith("file: ")
        and re.search(r"^(?:\$ |\S+/bin/)?reconciler ", each.text, re.MULTILINE)
    ]
    return [*others, *(["a block without a language"] if bare else [])]


def test_every_command_in_a_block_is_carried_out_or_says_why_not() -> None:
    """On the pages of `docs/` and README; what another page has to be run is marked with the reason."""
    pages = {page.relative_to(ROOT).as_posix(): page for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]}
    texts = {name: page.read_text(encoding="utf-8") for name, page in pages.items()}
    carried_out = {"README.md", "docs/adopt.md", *(f"docs/{name}.md" for name in _PAGES)}
    unaccounted = {name: _list_unaccounted(text) for name, text in texts.items()}

    assert {name: blocks for name, blocks in unaccounted.items() if blocks} == {}
    assert [name for name, text in texts.items() if read_blocks(text) and name not in carried_out] == []


def test_a_command_that_is_not_carried_out_is_found() -> None:
    """In a block of another language, or of none."""
    text = "reconciler plan\n"

    assert _list_unaccounted(f"```text\n{text}```\n") == [text]
    assert _list_unaccounted(f"```\n{text}```\n") == ["a block without a language"]
    assert _list_unaccounted(f"```sh\n{text}```\n<!-- file: a -->\n```text\n{text}```\n") == []


def test_what_varies_is_left_open() -> None:
    """An ellipsis stands for text within a line, and alone for any lines; all else is compared."""
    assert is_as_shown("a … c\n…\nlast\n", "a b c\n1\n2\nlast\n")
    assert is_as_shown("…\n", "")
    assert not is_as_shown("a … c\n", "a b\nc\n")
    assert not is_as_shown("a\n", "a\nb\n")
    assert not is_as_shown("", "a\n")


def test_a_block_is_left_out_only_with_a_reason() -> None:
    """A mark without a reason leaves nothing out."""
    block = "```sh\nfalse\n```\n"

    assert read_blocks(f"<!-- not executed: wipes the disk -->\n{block}") == []
    assert read_blocks(f"<!-- newcomer -->\n{block}") == []
    assert len(read_blocks(f"<!-- not executed -->\n{block}{block}")) == 2


def test_the_commands_of_a_block_are_read_with_their_output() -> None:
    """A command may have several lines; what follows up to the next one is its output."""
    (block,) = read_blocks("```console\n$ one \\\n>   two\nout\n\nmore\n$ three\n```\n")

    assert [(each.command, each.output) for each in read_commands(block)] == [
        ("one \\\n  two", "out\n\nmore\n"),
        ("three", ""),
    ]
    with pytest.raises(ValueError, match="begins with"):
        read_commands(block._replace(text="no prompt\n"))


@_READER
def test_a_page_that_shows_something_else_is_found(tmp_path: Path) -> None:
    """What differs is found and can be accepted; a status that the page does not show stops it."""
    page = "```console\n$ echo one\n1\n$ (exit 3)\n$ echo $?\n3\n$ echo two\ntwo\n```\n"
    with read_in(tmp_path) as reader:
        reader.follow(page)
        assert [each.shown.command for each in reader.differences] == ["echo one"]
        assert accept(page, reader.differences) == page.replace("1\n", "one\n", 1)
        with pytest.raises(AssertionError, match="ended with 3"):
            reader.follow("```console\n$ (exit 3)\n```\n")
