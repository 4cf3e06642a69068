"""The pages on GitHub, GitLab and Azure: their pipelines satisfy the schemas, and ask for what the program has."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from tests.workflows.machine import PAGES, read_pipeline
from tests.workflows.runner import PROJECT
from tests.workflows.test_static import ACTIONLINT, CHECK, ZIZMOR, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def read_vendor_file(name: str) -> str:
    """Read a vendor's workflow file from the page on GitHub."""
    text = PAGES["github"].read_text(encoding="utf-8")
    match = re.search(rf"`\.github/workflows/{name}\.yml`:\n\n```yaml\n(.*?)```", text, re.DOTALL)
    assert match, name
    return match[1]


@pytest.mark.skipif(CHECK is None, reason="check-jsonschema is not installed: pip install check-jsonschema")
@pytest.mark.parametrize(
    ("page", "schema"), [("gitlab", "vendor.gitlab-ci"), ("azure", "vendor.azure-pipelines")]
)
def test_a_pipeline_satisfies_its_schema(page: str, schema: str, tmp_path: Path) -> None:
    """What a page gives to copy is a pipeline of its kind."""
    assert CHECK is not None
    file = tmp_path / f"{page}.yml"
    file.write_text(read_pipeline(page))
    transform = schema.removeprefix("vendor.")

    # The patterns of Azure's schema are no regular expressions of JavaScript's newest kind.
    done = run(
        CHECK, "--builtin-schema", schema, "--data-transform", transform, "--regex-variant", "python", file
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.e2e
def test_a_page_asks_for_options_that_exist(page: str, loaded: Path) -> None:
    """Every verb, option and format on a page is one of the program's."""
    text = PAGES[page].read_text(encoding="utf-8").replace("\\\n", " ")
    asked = re.findall(
        r"(?:(?:bin/|`|- |^\s*)reconciler|\$RECONCILER\"?) ([a-z]+)([^`\n]*)", text, re.MULTILINE
    )

    assert asked
    for verb in sorted({verb for verb, _ in asked}):
        done = subprocess.run(
            [loaded / "reconciler", verb, "--help"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, verb
        for words in (each for name, each in asked if name == verb):
            named = [*re.findall(r"(--[a-z-]+)", words), *re.findall(r"--format (\w+)", words)]
            assert [each for each in named if each not in done.stdout] == [], verb


def test_a_pipeline_puts_no_parameter_into_a_script() -> None:
    """A parameter reaches a script as a variable: in the script itself it would be run; so would a variable's macro."""
    pipeline: Any = YAML(typ="safe", pure=True).load(read_pipeline("azure"))
    steps = list(_list_steps(pipeline))

    scripts = "\n".join(step["bash"] for step in steps if "bash" in step)
    assert "${{" not in scripts
    assert set(re.findall(r"\$\([\w.]+\)", scripts)) == {"$(INSTALL)"}
    # What anybody may write into stands in the environment of one step; the other parameter is one of two words.
    written = re.findall(r"(\w+): \"?\$\{\{ parameters\.(?:accept|without) \}\}", read_pipeline("azure"))
    assert written == ["ACCEPT", "WITHOUT_JOURNAL"]
    assert len(re.findall(r"parameters\.(?:accept|without) ", read_pipeline("azure"))) == 2


@pytest.mark.skipif(CHECK is None, reason="check-jsonschema is not installed: pip install check-jsonschema")
def test_a_vendors_files_are_short_and_satisfy_the_schema(tmp_path: Path) -> None:
    """Each is fifteen lines."""
    assert CHECK is not None
    files = [tmp_path / f"{name}.yml" for name in ("plan", "apply", "drift")]
    for file in files:
        file.write_text(read_vendor_file(file.stem))
        assert len(file.read_text().splitlines()) <= 15

    done = run(CHECK, "--builtin-schema", "vendor.github-workflows", *files)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(ZIZMOR is None, reason="zizmor is not installed: pip install zizmor")
def test_the_audits_find_nothing_in_the_files_of_a_vendor(tmp_path: Path) -> None:
    """Neither do they in what a vendor copies; actionlint neither, where it is installed."""
    assert ZIZMOR is not None
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name in ("plan", "apply", "drift"):
        (folder / f"{name}.yml").write_text(read_vendor_file(name))

    done = run(
        ZIZMOR, "--offline", "--no-progress", "--color", "never", "--persona", "auditor", folder.parent
    )
    assert (done.returncode, "No findings to report" in done.stdout) == (0, True), done.stdout
    if ACTIONLINT:
        linted = run(ACTIONLINT, "-no-color", "-oneline", *sorted(folder.iterdir()))
        assert (linted.returncode, linted.stdout) == (0, "")


def test_what_is_called_is_shown_pinned_by_commit() -> None:
    """Whoever copies a file or the example names a whole commit."""
    uses = re.findall(r"uses: (\S+)", PAGES["github"].read_text(encoding="utf-8"))
    ours = r"OWNER/REPOSITORY/\.github/(?:actions/reconcile|workflows/(?:plan|apply|drift)\.yml)@[0-9a-f]{40}"

    assert len(uses) == 4
    assert all(re.fullmatch(ours, each) for each in uses)


@pytest.mark.parametrize("name", ["apply.sh", "journals.py"])
def test_the_scripts_are_shown_whole(name: str, request: pytest.FixtureRequest) -> None:
    """What runs beside the key can be read before it is run; `--accept` writes the page again."""
    path, scripts = PROJECT / "docs" / "runners.md", PROJECT / ".github" / "pipelines"
    script = (scripts / name).read_text(encoding="utf-8")
    page = path.read_text(encoding="utf-8")
    match = re.search(
        rf"(?<=^## `{re.escape(name)}`\n\n```)(\w+\n)(.*?)(?=^```$)", page, re.DOTALL | re.MULTILINE
    )

    assert match
    if request.config.getoption("--accept"):
        path.write_text(page[: match.start(2)] + script + page[match.end(2) :], encoding="utf-8")
        return
    assert match[2] == script


@pytest.mark.parametrize("page", ["gitlab", "azure"])
def test_no_credential_meets_the_installation(page: str) -> None:
    """The program is installed by hash from a whole commit, in a job or a step that is given nothing secret."""
    pipeline: Any = YAML(typ="safe", pure=True).load(read_pipeline(page))
    if page == "gitlab":
        install = pipeline["install"]
        script = "\n".join(install["script"])
        assert set(install) == {"stage", "script", "artifacts"}
        assert not [job for job in pipeline if job != "install" and "install.sh" in str(pipeline[job])]
    else:
        script = pipeline["variables"]["INSTALL"]
        steps = [step for step in _list_steps(pipeline) if "$(INSTALL)" in str(step)]
        assert steps == [{"bash": "$(INSTALL)"}] * 4

    assert "install.sh" in script
    assert 'rev-parse HEAD)" = "$RECONCILER_COMMIT" ]' in script
    assert re.fullmatch("[0-9a-f]{40}", pipeline["variables"]["RECONCILER_COMMIT"])
    assert "pip install" not in read_pipeline(page)


def _list_steps(pipeline: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - YAML
    """List the steps of Azure's pipeline."""
    for stage in pipeline["stages"]:
        for job in stage["jobs"]:
            yield from job["steps"] if "steps" in job else job["strategy"]["runOnce"]["deploy"]["steps"]
