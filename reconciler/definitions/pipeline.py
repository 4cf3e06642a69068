"""The pipeline files of a vendor's repository, pinned to one commit of this program.

Their texts are those of the pages on GitHub, GitLab and Azure, and are shipped with the program.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import TYPE_CHECKING

from reconciler.definitions.starter import StarterFile
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class Platform(StrEnum):
    """What runs a pipeline."""

    GITHUB = "github"
    GITLAB = "gitlab"
    AZURE = "azure"


PIPELINES: Mapping[Platform, tuple[str, ...]] = {
    Platform.GITHUB: tuple(f".github/workflows/{name}.yml" for name in ("plan", "apply", "drift")),
    Platform.GITLAB: (".gitlab-ci.yml",),
    Platform.AZURE: ("azure-pipelines.yml",),
}
"""The files of each platform, from the root of the repository."""
OWNED: Mapping[Platform, str] = {
    Platform.GITHUB: "/.github/",
    Platform.GITLAB: "/.gitlab-ci.yml",
    Platform.AZURE: "/azure-pipelines.yml",
}
"""What of them a line of CODEOWNERS names."""
PLACEHOLDER = "0123456789abcdef0123456789abcdef01234567"
"""Stands on the pages for the commit."""
TEST = "tt02"
"""The environment that the pages plan pull requests for."""
_ADDRESS = re.compile(r"(git\+)?https://[\w./-]*REPOSITORY(?:\.git)?")
"""Stands there for the address of the program's repository, and `_NAME` for its name on GitHub."""
_NAME = "OWNER/REPOSITORY"
_PROGRAM = re.compile(
    r"(?:git\+)?(?P<host>https://[A-Za-z0-9.-]+(?::[0-9]+)?/)?(?P<path>[A-Za-z0-9_][A-Za-z0-9._~/-]*)"
    r"@(?P<commit>[0-9a-f]{64}|[0-9a-f]{40})"
)
_GITHUB = "https://github.com/"


@dataclass(frozen=True, slots=True)
class Program:
    """A commit of this program, and where it can be fetched."""

    address: str
    """Such as `https://github.com/OWNER/REPOSITORY`."""
    commit: str

    @property
    def name(self) -> str:
        """The path at the end of the address, without `.git`."""
        return self.address.split("/", 3)[3].removesuffix(".git")


def read_program(text: str) -> Program:
    """Read an address and a whole commit; a path without a host is on GitHub. Raises `UsageError`."""
    match = _PROGRAM.fullmatch(text)
    if match is None:
        raise UsageError(
            f"`{text[:120]}` names no commit of the program.",
            hint="Write OWNER/REPOSITORY@COMMIT, or https://HOST/PATH@COMMIT, with all 40 digits of the commit: "
            "a tag or a branch can be moved to other code, and that code would hold your key.",
        )
    return Program(f"{match['host'] or _GITHUB}{match['path']}", match["commit"])


def make_pipelines(
    platform: Platform, program: Program, exists: Callable[[str], bool], environment: str = TEST
) -> Iterator[StarterFile]:
    """Make the files of a platform that are not there yet; `environment` is what pull requests are planned for.

    Raises `UsageError` where the platform cannot call the program.
    """
    here = program.address.startswith(_GITHUB) and program.name.count("/") == 1
    if platform is Platform.GITHUB and not here:
        raise UsageError(
            f"{program.address} is no repository on GitHub, and a workflow there can call no other.",
            hint="Copy the program's repository there, and name the copy: --program OWNER/REPOSITORY@COMMIT.",
        )
    for path in PIPELINES[platform]:
        if exists(path):
            yield StarterFile(path, "", is_new=False, note="it is there")
        else:
            yield StarterFile(path, _pin(read_pipeline(path), program, environment), is_new=True)


def read_pipeline(path: str) -> str:
    """Read the text of a file as its page shows it."""
    name = path.removeprefix(".").replace("/", "-")
    return files("reconciler").joinpath(f"data/pipelines/{name}").read_text(encoding="utf-8")


def _pin(text: str, program: Program, environment: str) -> str:
    text = re.sub(rf"\b{TEST}\b", environment, text)
    addressed = _ADDRESS.sub(lambda found: f"{found[1] or ''}{program.address}", text)
    return addressed.replace(_NAME, program.name).replace(PLACEHOLDER, program.commit)
