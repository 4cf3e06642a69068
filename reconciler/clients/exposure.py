"""The variables that hold credentials, and a key or a token where none belongs.

It loads nothing of what reads credentials: every command line is looked at first, whatever it asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.model.secret import looks_secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ECHOED = (
    "RECONCILER_ENVIRONMENT",
    "XDG_STATE_HOME",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_OUTPUT",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
"""Variables besides the credentials whose values a message may quote."""
PLACES = "A key belongs in MASKINPORTEN_CLIENT_JWK or in a file, and a ready token in RECONCILER_TOKEN."
CLIENT = ("MASKINPORTEN_CLIENT_ID",)
KEYS = ("MASKINPORTEN_CLIENT_JWK", "MASKINPORTEN_JWK", "MASKINPORTEN_PRIVATE_KEY", "MASKINPORTEN_CLIENT_PEM")
"""NAIS's name first, then those of other clients (Maskinporten contract §5.3); each also as `…_PATH`."""
KIDS = ("MASKINPORTEN_KID", "MASKINPORTEN_KEY_ID")
SIGNER, ALGORITHM = "MASKINPORTEN_SIGNER", "MASKINPORTEN_ALGORITHM"
CHECK_CLIENT, CHECK_KEY = "RECONCILER_CHECK_CLIENT_ID", "RECONCILER_CHECK_CLIENT_JWK"
CHECK_FILE = "RECONCILER_CHECK_CLIENT_JWK_PATH"
"""The client that stands for the vendor's own program when a registration is checked, and its key."""


def check_exposed(words: Sequence[str], environ: Mapping[str, str]) -> None:
    """Refuse a command line or a variable that holds a key or a token where none belongs, before any of it is read.

    Raises `UsageError`, which names the place and shows nothing of the value.
    """
    files = (*(f"{name}_PATH" for name in KEYS), CHECK_FILE)
    named = (*_ECHOED, *CLIENT, *KIDS, SIGNER, ALGORITHM, CHECK_CLIENT, *files)
    places = {name: environ.get(name, "") for name in named}
    places |= {f"argument {number} of the command line": word for number, word in enumerate(words, 1)}
    exposed = next((name for name, value in places.items() if looks_secret(value)), "")
    if exposed:
        raise UsageError(
            f"What {exposed} holds looks like a key or a token; it is not used, and not shown.", hint=PLACES
        )
