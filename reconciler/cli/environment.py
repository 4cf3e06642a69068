"""Which environment a verb works with: the option, the variable, or `local`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from reconciler.cli.confirmation import confirm
from reconciler.clients.credentials import CREDENTIAL_VARIABLES
from reconciler.definitions.settings import Settings, read_settings
from reconciler.errors import Refused, UsageError
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


def choose_saved(root: Path, made_for: str, option: str | None) -> Environment:
    """Choose the environment of something that was saved for one: the one that is named has to be the same.

    Where none is named, a person is asked whether that one is meant. Raises `Refused` where there is nobody
    to ask, the answer is no, or another one is named.
    """
    settings = read_settings(root)
    named = os.environ.get("RECONCILER_ENVIRONMENT") if option is None else option
    if named is None and made_for != "local":  # which is the default
        if made_for not in settings.environments:
            raise Refused(f"It was made for environment `{made_for[:80]}`, which is not configured here.")
        _ask_environment(settings.environments[made_for])
        named = made_for
    chosen = choose_environment(settings, named, os.environ)
    if chosen.name != made_for:
        raise Refused(
            f"The plan was made for environment {made_for[:80]}, and {chosen.name} is named; nothing was written.",
            hint="Name the environment that it was made for, or plan for the one that is to be written.",
        )
    return chosen


def _ask_environment(found: Environment) -> None:
    if not sys.stdin.isatty():
        raise Refused(
            f"It was made for environment {found.name} ({found.register}), and none is named.",
            hint=f"Pass --environment {found.name}, or set RECONCILER_ENVIRONMENT; nothing was written.",
        )
    if not confirm(f"It was made for environment {found.name} ({found.register}). Is that the one?"):
        raise Refused("Nothing was written: the answer was no.", hint="Name the environment that is meant.")
