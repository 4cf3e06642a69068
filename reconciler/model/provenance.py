"""Where a run came from: which program, which commit, and who or what started it.

Pure. Whatever is not known is empty.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a run came from, as the program, the platform and git say it."""

    tool_version: str = ""
    tool_commit: str = ""
    """The commit that the program was built from."""
    tool_digest: str = ""
    """SHA-256 over the files of the installed program, in hex."""
    platform: str = ""
    """`github`, `gitlab` or `azure`."""
    repository: str = ""
    """The address of the repository."""
    commit: str = ""
    """The commit that the run was started for."""
    branch: str = ""
    pull_request: str = ""
    """Its number; empty also where the platform does not say that there is one."""
    pull_request_address: str = ""
    actor: str = ""
    """Who started the run, by the platform's name for them."""
    job: str = ""
    """The platform's number of its own run, pipeline or build."""
    attempt: str = ""
    """Which try of that it was; empty where the platform does not count them."""
    address: str = ""
    """Where the platform shows its run."""

    @property
    def name(self) -> str:
        """The platform's run with its attempt, as in `4711-2`; empty elsewhere than on a platform."""
        return "-".join(filter(None, (self.job, self.attempt)))
