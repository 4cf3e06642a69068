"""The pipelines of the pages: what installs has no credential, and installs by the lock."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from tests.workflows.machine import read_pipeline
from tests.workflows.runner import PROJECT
from tests.workflows.test_install import INSTALLS, SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator


def list_texts(value: object) -> str:
    """Give a script as text: GitLab takes a list, or a text."""
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def test_no_job_for_gitlab_that_installs_has_a_secret() -> None:
    """It is bound to no environment, whose variables every one of its commands would get, and names no secret."""
    pipeline = YAML(typ="safe", pure=True).load(read_pipeline("gitlab"))
    default = pipeline.get("default", {})
    jobs = {name: job for name, job in pipeline.items() if isinstance(job, dict) and "script" in job}
    installing = {
        name: job
        for name, job in jobs.items()
        if INSTALLS.search(
            list_texts([job.get("before_script", default.get("before_script", "")), job["script"]])
        )
    }

    assert installing
    assert [name for name, job in installing.items() if "environment" in job] == []
    assert not SECRET.search(str([pipeline.get("variables"), *installing.values()]))


def list_steps_of_azure(node: object) -> Iterator[dict[str, Any]]:
    """List the steps of a pipeline for Azure, wherever they stand."""
    if isinstance(node, dict):
        yield from node.get("steps", [])
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from list_steps_of_azure(each)


def test_no_step_for_azure_that_installs_has_a_secret() -> None:
    """A secret variable reaches a step only where its own `env` names it."""
    pipeline = YAML(typ="safe", pure=True).load(read_pipeline("azure"))
    variables = pipeline.get("variables", {})
    installing = []
    for step in list_steps_of_azure(pipeline):
        script = re.sub(r"\$\((\w+)\)", lambda found: variables.get(found[1], found[0]), step.get("bash", ""))
        if INSTALLS.search(script):
            installing.append({**step, "bash": script})

    assert installing
    assert [each for each in installing if SECRET.search(str(each))] == []
    assert not SECRET.search(str(variables))


@pytest.mark.parametrize("page", ["gitlab", "azure", "github"])
def test_a_page_installs_by_the_lock(page: str) -> None:
    """No pipeline installs the program in another way."""
    text = (PROJECT / "docs" / f"{page}.md").read_text(encoding="utf-8")

    assert "pip install" not in text
