"""Opens the customers' side of a register, for the verbs that look at or ask customers."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from reconciler.cli.console import notify
from reconciler.model.customers import READ, WRITE
from reconciler.model.environment import SCOPE, WORKERS
from reconciler.operations.access import find_delegation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.cli.context import Connection
    from reconciler.clients.system_users import SystemUsers
    from reconciler.execution.customer_evidence import OpenCustomers


@contextmanager
def open_system_users(
    connection: Connection, *, read_only: bool, workers: int = WORKERS
) -> Iterator[SystemUsers]:
    """Open the customers' side of the register of a connection, with the same credentials.

    A token of each scope is fetched when it is first needed.
    """
    from reconciler.clients.maskinporten import Purpose, open_tokens  # noqa: PLC0415 - loads HTTP and cryptography
    from reconciler.clients.system_users import SystemUsers  # noqa: PLC0415 - loads HTTP

    environment, credentials = connection.environment, connection.credentials
    delegation = find_delegation(environment, connection.target.vendor)
    with ExitStack() as stack:
        tokens = {
            scope: stack.enter_context(
                open_tokens(environment, credentials, delegation, purpose=Purpose(scope), notify=notify)
            )
            for scope in (READ, WRITE, SCOPE)
        }
        users = SystemUsers(environment, tokens, read_only=read_only, workers=workers, notify=notify)
        yield stack.enter_context(users)


def let_read(connection: Connection) -> OpenCustomers:
    """Give what opens the customers' side for reading, and fetches nothing before it is opened."""
    return partial(open_system_users, connection, read_only=True, workers=connection.register.workers)
