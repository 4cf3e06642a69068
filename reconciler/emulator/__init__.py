"""An emulator of Altinn's System Register, of Maskinporten and of the two metadata APIs, on a real socket.

Outside this package only `start` and `Emulator` are used, and this package imports nothing of the tool: a
shared module would hide a member that both misread. From the bottom up, each imports only those above it:

    catalogue     the resources and access packages that the metadata APIs know
    dotnet        ASP.NET, System.Text.Json and System.Uri: bodies, JSON, negotiation, paths, URLs
    server        the socket, HTTP as Kestrel speaks it, the access log, addresses, the clock
    register      the System Register: endpoints, checks, database, transactions
    systemusers   the system users of a vendor's systems
    maskinporten  grants, tokens, keys, the token exchange, the generator of test tokens
    control       configuration, faults, concurrent writes, and the control endpoint
    metadata      the resource registry and the access packages
    application   one request: its route, its token, its scope, its faults
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Unpack

from reconciler.emulator.application import Application
from reconciler.emulator.catalogue import read_catalogue
from reconciler.emulator.control.concurrent_writer import ConcurrentWriter
from reconciler.emulator.control.config import Overrides, read_config
from reconciler.emulator.control.customers import CustomerControl
from reconciler.emulator.control.endpoints import Control
from reconciler.emulator.control.fault_injection import FaultInjector
from reconciler.emulator.control.fault_rules import FaultRules
from reconciler.emulator.maskinporten.endpoints import Maskinporten
from reconciler.emulator.maskinporten.grant_validation import GrantValidator
from reconciler.emulator.maskinporten.token_exchange import TokenExchange
from reconciler.emulator.maskinporten.token_generator import TokenGenerator
from reconciler.emulator.maskinporten.tokens import Issuer
from reconciler.emulator.metadata.access_packages import AccessPackages
from reconciler.emulator.metadata.resource_registry import ResourceRegistry
from reconciler.emulator.metadata.upstream import SimulatedUpstream
from reconciler.emulator.register import other_routes
from reconciler.emulator.register.endpoints import RegisterEndpoints
from reconciler.emulator.register.seeds import load_seeds
from reconciler.emulator.register.store import Store
from reconciler.emulator.register.transactions import Transactions
from reconciler.emulator.server import addresses
from reconciler.emulator.server.access_log import AccessLog
from reconciler.emulator.server.addresses import INTERNAL, Links
from reconciler.emulator.server.clock import Clock
from reconciler.emulator.server.control_access import ControlAccess
from reconciler.emulator.server.routing import Router
from reconciler.emulator.server.server import Emulator, Network, listen
from reconciler.emulator.systemusers.answering import Customers
from reconciler.emulator.systemusers.authorized_parties import AuthorizedParties
from reconciler.emulator.systemusers.changes import Changes
from reconciler.emulator.systemusers.checks import Parties
from reconciler.emulator.systemusers.confirm_page import ConfirmPage
from reconciler.emulator.systemusers.endpoints import SystemUsers
from reconciler.emulator.systemusers.requests import Requests
from reconciler.emulator.systemusers.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from reconciler.emulator.catalogue import MetadataCatalogue
    from reconciler.emulator.control.config import Config
    from reconciler.emulator.server.addresses import Address

__all__ = ["Emulator", "start"]


def start(
    config: Mapping[str, object] | Path | None = None,
    *,
    port: int = 0,
    state: Path | None = None,
    seed: Sequence[Mapping[str, object]] = (),
    access_log: Callable[[str], None] | None = None,
    existing: Sequence[str] = (),
    **over: Unpack[Overrides],
) -> Emulator:
    """Start an emulator; it accepts connections when this returns.

    `config` is a TOML file or a mapping of the same shape. `state` is a database file; without one the state is
    in memory. `seed` holds full documents to start with. `access_log` is called with one line for each request.
    `existing` names resources that are taken as existing where the catalogue lacks them. `over` holds settings that
    replace those of `config`.
    Raises ValueError for a wrong configuration or seed, one problem on each line, and OSError for a port
    that is in use or a file that cannot be read or written.
    """
    read = read_config(config, time.time(), over)
    clock = Clock(read.clock_offset)
    store = Store(state, clock)
    try:
        load_seeds(store, seed, keep_unknown=read.keep_unknown)
        network = Network(listen(read.host, port))
    except BaseException:
        store.close()
        raise
    port = network.listener.getsockname()[1]
    has_token = read.control_token is not None
    address = addresses.describe(read.host, port, read.public_url, has_token=has_token)
    catalogue = read_catalogue(read.resources, read.packages)
    taken = catalogue.take_as_existing(existing)
    app = _assemble(read, address, store, network, AccessLog(access_log), catalogue)
    return Emulator(address, network, app, read.timeouts, store.close, taken)


def _assemble(
    config: Config,
    address: Address,
    store: Store,
    network: Network,
    log: AccessLog,
    catalogue: MetadataCatalogue,
) -> Application:
    """Create the parts and connect them."""
    clock = store.clock
    issuer = Issuer(address, config.issuer or address.maskinporten, clock, store)
    faults = FaultRules()
    for fault in config.faults:
        faults.add(fault)
    upstream = SimulatedUpstream(catalogue, faults, network)
    transactions = Transactions(config.transaction_seconds)
    customers = _serve_customers(config, address, store, upstream, transactions)
    system_users = SystemUsers(customers)
    clients = {client.client_id: client for client in config.clients}
    issuers = frozenset({issuer.maskinporten, address.maskinporten})
    validator = GrantValidator(issuers, clients, clock, config.grant_settings, system_users)
    register = RegisterEndpoints(store, upstream, config.problem_shape, config.keep_unknown, transactions)
    writer = ConcurrentWriter(register, store, log)
    injector = FaultInjector(faults, network, issuer, writer, transactions)
    people = CustomerControl(customers)
    control = Control(
        faults, log, clock, issuer, clients, catalogue, people, store, writer, config.keep_unknown
    )
    router = Router()
    router.add(*other_routes.list_routes())
    metadata = ResourceRegistry(catalogue), AccessPackages(catalogue)
    for part in (
        register,
        system_users,
        Requests(customers),
        Changes(customers),
        AuthorizedParties(customers.tables),
        ConfirmPage(customers),
        *metadata,
        Maskinporten(issuer, validator),
        TokenGenerator(issuer),
        TokenExchange(issuer),
        control,
    ):
        router.add(*part.routes())
    control_access = ControlAccess(config.control_token, address.is_closed)
    return Application(router, issuer, clock, log, injector, network, upstream, control_access)


def _serve_customers(
    config: Config, address: Address, store: Store, upstream: SimulatedUpstream, transactions: Transactions
) -> Customers:
    """Create the customers' side, with the system users of the configuration."""
    customers = Customers(
        Tables(store),
        config.problem_shape,
        _find_links(config, address),
        upstream,
        transactions,
        Parties(),
        address.base,
        config.confirm,
        config.paging,
        config.page_size,
    )
    for user in config.system_users:
        customers.tables.users.put(user)
    return customers


def _find_links(config: Config, address: Address) -> Links:
    if config.next_links == "internal":
        return Links(INTERNAL)
    return Links(None if config.public_url is None else address.base)
