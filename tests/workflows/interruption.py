"""What ends a job in the middle of a step: a killed program, a cancelled or timed-out job, a machine that is gone."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from tests.workflows.runner import MachineLostError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

How: TypeAlias = Literal["kill", "cancel", "time-out", "lost"]
HOWS: tuple[How, ...] = ("kill", "cancel", "time-out", "lost")
INTERRUPTED, TERMINATED = 7.5, 2.5
"""Seconds from SIGINT to SIGTERM, and from there to the end of the whole tree.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-cancellation
"""


@dataclass
class Interruption:
    """Ends a job once, as soon as something is so while a step runs."""

    how: How
    when: Callable[[], bool]
    pace: float = 1
    """How long a second lasts."""
    struck: bool = field(default=False, init=False)

    def __call__(self, step: str, process: subprocess.Popen[str]) -> bool:
        """Watch a step, and say whether its job was cancelled; raises `MachineLostError`."""
        del step
        while not self.struck and process.poll() is None:
            if not self.when():
                time.sleep(0.02)
                continue
            self.struck = True
            if self.how == "lost":
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise MachineLostError
            if self.how == "kill":
                for child in list_children(process.pid):
                    os.kill(child, signal.SIGKILL)
                return False
            cancel(process, self.pace)
            return True
        return False


def cancel(process: subprocess.Popen[str], pace: float) -> None:
    """Ask the process of a step to end, and end it with all its children where it does not."""
    for number, seconds in ((signal.SIGINT, INTERRUPTED), (signal.SIGTERM, TERMINATED)):
        process.send_signal(number)
        deadline = time.monotonic() + seconds * pace
        while time.monotonic() < deadline:
            if process.poll() is not None:
                return
            time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def list_children(process: int) -> list[int]:
    """List the children of a process."""
    text = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return [int(word) for word in text.split()]
