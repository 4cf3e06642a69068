"""`reconciler validate` as a person runs it: what is checked, what is told, and how it ends."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from tests.builders import OTHER_CLIENT, VENDOR, a_definition_text
from tests.served import Repository

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ID = f"{VENDOR}_smartcloud"
OTHER_VENDOR = "310904473"
CLEAN = "1 file: 0 errors, 0 warnings, 0 notes.\n"


def test_a_good_definition_passes(repository: Repository) -> None:
    """Nothing is found: one line on stdout, nothing on stderr, exit 0."""
    done = repository.run("validate")

    assert (done.returncode, done.stdout, done.stderr) == (0, CLEAN, "")


def test_all_errors_of_all_files_come_at_once(repository: Repository) -> None:
    """Each finding stands with file, line and column, in the order of the files; exit 1."""
    repository.write("broken.yaml", "id: [\n")
    repository.define("wrong", clientId=["xxxx-xxxx"], isVisible="yes")

    done = repository.run("validate")

    assert done.returncode == 1
    assert done.stdout == (
        "systems/991825827_wrong.yaml:7:12: error client-id-placeholder\n"
        "    'xxxx-xxxx' is a placeholder\n"
        "    Write the id of the client in Maskinporten.\n"
        "systems/991825827_wrong.yaml:8:12: error wrong-type\n"
        "    'isVisible' is the text 'yes', not true or false\n"
        "    Write 'true' or 'false', without quotes.\n"
        "systems/broken.yaml:1:5: error yaml-syntax\n"
        "    The '[' that opens here is not closed\n"
        "    Close it with ']'.\n"
        "3 files: 3 errors, 0 warnings, 0 notes.\n"
    )


def test_only_the_given_files_and_folders_are_checked(repository: Repository) -> None:
    """A file is checked alone, and a folder with all below it."""
    repository.write("broken.yaml", "id: [\n")
    repository.write("team/other.yaml", "id: [\n")

    assert repository.run("validate", f"systems/{ID}.yaml").stdout == CLEAN
    assert repository.run("validate", "systems/team").returncode == 1
    done = repository.run("validate", "systems", f"systems/{ID}.yaml")
    assert done.stdout.splitlines()[-1] == "3 files: 2 errors, 0 warnings, 0 notes."


def test_from_a_sub_folder_names_are_those_of_the_repository(repository: Repository) -> None:
    """Anywhere below the root the whole repository is checked; a given path is meant as the shell means it."""
    repository.write("team/broken.yaml", "id: [\n")
    below = Repository(repository.root / "systems" / "team")

    everything = below.run("validate")
    one = below.run("validate", "broken.yaml")

    assert everything.stdout.splitlines()[-1] == "2 files: 1 error, 0 warnings, 0 notes."
    assert everything.stdout.startswith("systems/team/broken.yaml:1:5: error yaml-syntax\n")
    assert one.stdout.startswith("systems/team/broken.yaml:1:5: error yaml-syntax\n")
    assert (everything.returncode, one.returncode) == (1, 1)


def test_a_file_that_does_not_exist_is_a_usage_error(repository: Repository) -> None:
    """A misspelt path is no empty run: exit 2, with a sentence that names it."""
    done = repository.run("validate", "systems/nothing.yaml")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: There is no systems/nothing.yaml.\n       Name a definition file, or a folder of them.\n"
    )


def test_no_repository_is_a_usage_error(tmp_path: Path) -> None:
    """Outside of any repository there is nothing to check: exit 2, and how to name one."""
    done = Repository(tmp_path).run("validate")

    assert (done.returncode, done.stdout) == (2, "")
    assert "--root" in done.stderr
    assert "Traceback" not in done.stderr


def test_another_root_can_be_named(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> None:
    """`--root` checks a repository from outside it."""
    outside = Repository(tmp_path_factory.mktemp("outside"))

    assert outside.run("validate", "--root", str(repository.root)).stdout == CLEAN


def test_strict_fails_on_warnings(repository: Repository) -> None:
    """A warning passes, and fails with `--strict`; a note passes both."""
    repository.define(isVisible=...)
    relaxed, strict = repository.run("validate"), repository.run("validate", "--strict")

    assert relaxed.stdout == strict.stdout
    assert relaxed.stdout.splitlines()[-1] == "1 file: 0 errors, 1 warning, 0 notes."
    assert (relaxed.returncode, strict.returncode) == (0, 1)

    repository.define(allowedRedirectUrls=["https://Example.com"])
    noted = repository.run("validate", "--strict")
    assert (noted.returncode, noted.stdout.splitlines()[-1]) == (0, "1 file: 0 errors, 0 warnings, 1 note.")


def test_one_vendor_can_be_picked(repository: Repository) -> None:
    """Definitions of two vendors are an error, unless one of them is picked."""
    system = f"{OTHER_VENDOR}_other"
    text = a_definition_text(id=system, vendor=OTHER_VENDOR, clientId=[OTHER_CLIENT])
    repository.write(f"{system}.yaml", text)

    both = repository.run("validate")
    one = repository.run("validate", "--vendor", OTHER_VENDOR)

    assert both.returncode == 1
    assert "error several-vendors" in both.stdout
    assert one.returncode == 0


def test_json_holds_every_finding_and_a_summary(repository: Repository) -> None:
    """The same findings for programs, and nothing else on stdout."""
    repository.write("broken.yaml", "id: [\n")

    done = repository.run("validate", "--format", "json")
    answer = json.loads(done.stdout)

    assert done.returncode == 1
    assert set(answer) == {"findings", "summary"}
    assert answer["summary"] == {"files": 2, "error": 1, "warning": 0, "note": 0}
    assert [(each["rule"], each["file"], each["line"]) for each in answer["findings"]] == [
        ("yaml-syntax", "systems/broken.yaml", 1)
    ]


def test_findings_say_where_they_hold(repository: Repository) -> None:
    """What is wrong in one environment only says so; what is wrong everywhere does not."""
    repository.define(environments={"tt02": {}, "prod": {"clientId": ["wrong"]}})

    done = repository.run("validate", "--format", "json")
    findings = json.loads(done.stdout)["findings"]

    assert [(each["rule"], each["environments"], each["path"]) for each in findings] == [
        ("client-id-format", ["prod"], "environments.prod.clientId[0]")
    ]


def test_hostile_files_neither_stop_nor_steer(repository: Repository) -> None:
    """Fifos, links, control characters and bombs are findings, and no byte of them steers a terminal."""
    systems = repository.root / "systems"
    os.mkfifo(systems / "fifo.yaml")
    (systems / "out.yaml").symlink_to("/etc/passwd")
    (systems / "loop.yaml").symlink_to("loop.yaml")
    (systems / "bytes.yaml").write_bytes(b"\xff\xfe")
    repository.write("steer.yaml", 'id: "\\e[2J\\u202e\\x9b31m"\n"\\e]0;x\\a": 1\n')
    repository.write("\x1b[31m.yaml", "a: 1\n")
    repository.write(
        "bomb.yaml",
        "a: &a [1, 2, 3, 4, 5, 6, 7, 8]\n"
        + "".join(
            f"{name}: &{name} [*{last}, *{last}, *{last}, *{last}, *{last}, *{last}]\n"
            for last, name in zip("abcdefgh", "bcdefghi", strict=True)
        ),
    )

    for words in ([], ["--format", "json"]):
        done = repository.run("validate", *words, timeout=20)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert all(line.isprintable() for line in done.stdout.splitlines())
        assert "root:" not in done.stdout
