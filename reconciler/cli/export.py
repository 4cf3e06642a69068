"""`reconciler export`: print the exact JSON that apply, or the product, would send for one system."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.completions import complete_template
from reconciler.cli.console import notify, show_text
from reconciler.cli.context import make_plan, narrow, open_register, read_context
from reconciler.cli.options import (
    EnvironmentOption,
    Format,
    RootOption,
    SystemArgument,
    VendorOption,
    Verb,
    make_app,
)
from reconciler.errors import UsageError
from reconciler.operations.export import Addressee, export_change, export_definition, export_request
from reconciler.render.escape import escape_json
from reconciler.render.json import render_document

if TYPE_CHECKING:
    from reconciler.model.environment import Environment
    from reconciler.operations.export import ExportedRequest

app = make_app()
_EXAMPLES = """\
reconciler export 991825827_smartcloud
reconciler export 991825827_smartcloud -e tt02 --curl
reconciler export 991825827_smartcloud --request standard --customer 310904473"""

_RequestOption = Annotated[
    str,
    typer.Option(
        "--request",
        metavar="NAME",
        help="The body that asks --customer for a system user, as this template below requests: has it.",
        autocompletion=complete_template,
    ),
]
_CustomerOption = Annotated[
    str,
    typer.Option("--customer", metavar="ORG", help="With --request: the customer's organisation number."),
]
_ReferenceOption = Annotated[
    str,
    typer.Option(
        "--reference",
        metavar="REF",
        help="With --request: your own name for this system user. Default: the organisation number.",
    ),
]
_TitleOption = Annotated[
    str,
    typer.Option(
        "--title",
        metavar="TEXT",
        help="With --request: the name that the customer sees. Default: that of the system.",
    ),
]


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    system: SystemArgument,
    *,
    environment: EnvironmentOption = None,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the register: the body that apply would send to it now.")
    ] = False,
    request: _RequestOption = "",
    customer: _CustomerOption = "",
    reference: _ReferenceOption = "",
    title: _TitleOption = "",
    curl: Annotated[
        bool, typer.Option("--curl", help="Print a curl command; it reads the token from $TOKEN.")
    ] = False,
    vendor: VendorOption = "",
    root: RootOption = None,
) -> None:
    """Print the exact JSON that apply would send for one system, or what asks a customer for a system user.

    Without --live no register is asked: it is the body that registers the system for the first time. An update also
    carries what the register holds and no definition knows.
    """
    about = Addressee(customer, reference, title)
    _refuse_half(request, about, live=live)
    context = read_context(root, environment, vendor, Format.TEXT)
    if request:
        found = export_request(context.systems, system, request, about)
        notify(f"Nothing is sent. The token for it needs the scope {found.scope}.")
    elif live:
        context = narrow(context, [system])
        with open_register(context, read_only=True) as connection:
            found = export_change(make_plan(context, connection), system)
    else:
        found = export_definition(context.systems, system)
    if not (request or live or curl):
        notify("From the definition alone; --live asks the register for what an update would carry besides.")
    if curl:
        show_text(_print_curl(found, context.environment))
    elif found.document is None:
        raise UsageError(
            f"Apply would send a {found.method} of `{system}`, which has no body.",
            hint="--curl shows it.",
        )
    else:
        show_text(render_document(found.document))


def _refuse_half(request: str, customer: Addressee, *, live: bool) -> None:
    """Refuse options of which one needs another; raises `UsageError`."""
    if request and not customer.org:
        raise UsageError("Whom the request asks is not known.", hint="Name the customer: --customer ORG.")
    if request and live:
        raise UsageError(
            "--request is about a customer, and --live about the register.", hint="Choose one of them."
        )
    if not request and (customer.org or customer.reference or customer.title):
        raise UsageError(
            "Which template the customer is asked with is not known.", hint="Name it: --request NAME."
        )


def _print_curl(request: ExportedRequest, environment: Environment) -> str:
    """Print a command for a POSIX shell; what is not ASCII is escaped, as JSON allows."""
    from reconciler.clients.register import PREFIX, make_path  # noqa: PLC0415 - loads HTTP

    if not environment.register:
        raise UsageError(
            f"The environment {environment.name} has an address only while it runs.",
            hint="Name another one, or serve the embedded register: `reconciler register serve`.",
        )
    path = request.path or (PREFIX if request.method == "POST" else make_path(request.system))
    words = ["curl", "--request", request.method, shlex.quote(f"{environment.register}{path}")]
    words += ["--header", '"Authorization: Bearer $TOKEN"']
    if request.document is not None:
        words += ["--header", shlex.quote("Content-Type: application/json")]
        words += ["--data", shlex.quote(escape_json(json.dumps(request.document)))]
    return " ".join(words) + "\n"
