"""The register that a verb has read while it reads the definitions, where it is known before what it is asked for."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from reconciler.cli.console import notify
from reconciler.cli.environment import choose_environment
from reconciler.clients.credentials import read_credentials
from reconciler.definitions.settings import find_root, read_settings
from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from reconciler.clients.early_reading import EarlyReading, Opened
    from reconciler.model.environment import Environment


@dataclass
class Ahead:
    """What a verb is going to ask, and the reading that has begun; it ends with the block that this is entered by."""

    workers: int
    only: Sequence[str] | None = None
    """Patterns of the systems that are asked for; none for all."""
    needs_systems: bool = True
    """Whether more than the list is going to be needed, as far as that is known."""
    _reading: EarlyReading | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reading is not None:
            self._reading.close()

    @property
    def has_begun(self) -> bool:
        """Whether the register, or what gives tokens for it, is asked."""
        return self._reading is not None

    def begin_in(self, root: Path | None, environment: str | None, vendor: str) -> None:
        """Begin likewise in the environment that is named, before anything else is read.

        Raises `UsageError` where there is no repository or no such environment.
        """
        settings = read_settings(find_root(root or Path.cwd()))
        self.begin(choose_environment(settings, environment, os.environ), vendor)

    def begin(self, environment: Environment, vendor: str) -> None:
        """Begin to read an environment's register, where nothing that definitions say decides how; say which it is.

        The embedded register gets its resources from the definitions, and a delegation is of their vendor. A command
        that signs is started when it is needed: it could ask a person, or outlive this program. A second
        call does nothing.
        """
        if self.has_begun or environment.name == "local" or environment.consumer_org:
            return
        with suppress(ReconcilerError):  # which the verb raises when it connects
            self._reading = self._open(environment, vendor)
        if self._reading is not None:
            notify(f"Environment {environment.name}: {environment.register}")
            self._reading.begin()

    def _open(self, environment: Environment, vendor: str) -> EarlyReading | None:
        """Open a register with the credentials of the environment's variables; nothing is asked yet."""
        credentials = read_credentials(os.environ)
        if credentials.signer is not None:
            return None
        from reconciler.clients.early_reading import (  # noqa: PLC0415 - loads HTTP and cryptography
            EarlyReading,
            choose_none,
            choose_systems,
        )

        takes = choose_systems(vendor, self.only or ()) if self.needs_systems else choose_none
        return EarlyReading(environment, credentials, self.workers, takes, notify)

    def take(self) -> Opened | None:
        """Give the open register; None where nothing was begun. Raises why it has no token."""
        return None if self._reading is None else self._reading.take()
