"""Where a platform shows the commit, the run, what it keeps of the run, and a line of a file.

Pure. The addresses come from a runner's environment, which a pull request may have a part in, so only https
addresses of plain letters are taken; whatever is missing has no link.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~%/?=&#:+-]*)?")
"""No user's name, no quotes, no spaces, no brackets."""
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses of one run; each is empty where the platform gives none."""

    commit: str = ""
    run: str = ""
    artifact: str = ""
    """Where the files that the run kept are found."""
    line: str = ""
    """The address of a line, with `{path}` and `{line}` in place of what is asked for."""

    def find_line(self, file: str, line: int) -> str:
        """Give the address of a line of a file, named from the top of the repository; empty where there is none."""
        if not (self.line and file) or file.startswith("/") or ".." in file.split("/"):
            return ""
        path = quote(file, safe="/", errors="replace")
        return check_address(self.line.replace("{path}", path).replace("{line}", str(line or 1)))


NO_LINKS = Links()


def check_address(text: str) -> str:
    """Give an https address as it is, and nothing for anything else."""
    return text if len(text) <= _LONGEST and _ADDRESS.fullmatch(text) else ""


def check_commit(text: str) -> str:
    """Give a commit's digits as they are, and nothing for anything else."""
    return text if _COMMIT.fullmatch(text) else ""
