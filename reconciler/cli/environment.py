"""Which environment a verb works with: the option, the variable, or `local`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.clients.credentials import CREDENTIAL_VARIABLES
from reconciler.definitions.settings import Settings
from reconciler.errors import UsageError
from reconciler.model.environment import Environment
from reconciler.model.secret import looks_secret
from reconciler.model.suggest import find_nearest


def choose_environment(settings: Settings, name: str | None, environ: Mapping[str, str]) -> Environment:
    """Choose the environment: the name given, else `RECONCILER_ENVIRONMENT`, else `local`.

    Raises `UsageError` for an unknown one, and where there is a credential and nobody named an environment:
    a forgotten variable must not plan against the embedded register and be green for ever.
    """
    chosen = environ.get("RECONCILER_ENVIRONMENT") if name is None else name
    if chosen is None:
        found = sorted(key for key in CREDENTIAL_VARIABLES if environ.get(key))
        if found:
            raise UsageError(
                f"{found[0]} is set, but no environment is named.",
                hint="Pass --environment, or set RECONCILER_ENVIRONMENT; `local` needs no credential.",
            )
        chosen = "local"
    if not chosen.strip():  # what a CI's variable that nobody set turns into
        raise UsageError(
            f"{'RECONCILER_ENVIRONMENT' if name is None else '--environment'} is empty.",
            hint=f"Name one: {', '.join(settings.environments)}.",
        )
    if not re.fullmatch(r"[\w.-]{1,64}", chosen) or looks_secret(chosen):  # it can be anything, also a key
        where = "RECONCILER_ENVIRONMENT" if name is None else "--environment"
        raise UsageError(
            f"{where} holds no name of an environment; what it holds is not shown.",
            hint=f"Name one: {', '.join(settings.environments)}.",
        )
    if chosen not in settings.environments:
        near = find_nearest(chosen, settings.environments)
        known = ", ".join(settings.environments)
        raise UsageError(
            f"There is no environment `{chosen}`.",
            hint=f"Did you mean `{near}`?" if near else f"Known: {known}.",
        )
    return settings.environments[chosen]
