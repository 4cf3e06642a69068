"""Reads and checks the configuration file: `reconciler.toml`, or `[tool.reconciler]` in `pyproject.toml`.

    [environments.NAME]
    register = "https://…"        # required, but for the built-in environments, where it cannot be set
    maskinporten = "https://…"    # likewise; the issuer, whose tokens go to this environment only
    clients = ["…"]               # client ids that may write here; what any other one wrote is drift
    unmanaged = ["…"]             # systems that are known to have no definition: ids, or patterns of them
    key_expires = 2027-03-01      # the last day of the key that is used here, or of the first to end
    consumer_org = "991825827"    # the vendor, or a list of them, on whose behalf a supplier's client acts
    supplier = "312605031"        # the supplier, against which tokens are checked
    test = true                   # for tests only, so that `check` may ask customers there; tt02 and local are

    [[environments.NAME.checks]]  # what `check` asks whom for: `check_settings.py`

Every problem is reported with its line. The tables are read by hand: nearly each message depends on the member, on the
environment and on whether that is built in, and a model of pydantic would need a text for each of its errors beside it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reconciler.definitions.files import read_file
from reconciler.errors import SettingsError, UsageError
from reconciler.model.environment import BUILT_IN, ORGANISATION, Environment, is_client_id, is_production
from reconciler.model.id_pattern import is_pattern
from reconciler.model.secret import looks_secret
from reconciler.model.suggest import find_nearest
from reconciler.model.token_address import find_objection, identify, is_sound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.environment import ConfiguredCheck

_MOST_BYTES = 256 * 1024
"""Of a configuration file."""
_MOST_DOTS = 1000
"""In one of its lines: the standard library takes a minute for a key of 60,000 parts."""
_FIX = "Correct the file."
NAME = "[a-z][a-z0-9-]*"
"""Of an environment."""
ADDRESSES = ("register", "maskinporten")
"""What an environment of one's own has to name, and a built-in one cannot."""
LISTS = ("clients", "unmanaged")
KEY_EXPIRES = "key_expires"
CONSUMER, SUPPLIER = "consumer_org", "supplier"
CHECKS, TEST = "checks", "test"
COMMON = (*LISTS, KEY_EXPIRES, CONSUMER, SUPPLIER, CHECKS)
"""What every environment takes."""
OWN = (*ADDRESSES, TEST)
"""What only an environment of one's own takes."""


class Settings(NamedTuple):
    """The root of the repository, and its environments by name: the built-in ones, then those of the file."""

    root: Path
    environments: Mapping[str, Environment]


def find_root(start: Path) -> Path:
    """Find the nearest folder upwards with `reconciler.toml`, a `[tool.reconciler]` or a `systems/`.

    Raises `UsageError` where there is none.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if os.path.lexists(folder / "reconciler.toml") or (folder / "systems").is_dir():
            return folder
        shared = folder / "pyproject.toml"
        # What lies above the repository was written by others, and may be a pipe.
        readable = shared.is_file() and shared.resolve().is_relative_to(folder)
        if readable and _read_tool(_read_toml(shared)[0]) is not None:
            return folder
    raise UsageError(
        f"Neither {start} nor a folder above it has a `reconciler.toml` or a `systems/`.",
        hint="Run it in the repository of the definitions, or name it with --root; `reconciler init` starts one.",
    )


def find_common_root(root: Path | None, paths: Sequence[Path]) -> Path:
    """Find the root from the folder that is named, else from the paths, else from here.

    Raises `UsageError` where there is none, or the paths lie in different ones.
    """
    if root is not None or not paths:
        return find_root(root or Path.cwd())
    roots = list(dict.fromkeys(found for each in paths if (found := _look_up(each)) is not None))
    if len(roots) > 1:
        raise UsageError(
            f"{paths[0]} and other paths lie in different repositories of definitions.",
            hint="Name those of one at a time, or name the root with --root.",
        )
    return roots[0] if roots else find_root(Path.cwd())


def _look_up(path: Path) -> Path | None:
    try:
        return find_root(path if path.is_dir() else path.parent)
    except SettingsError:
        raise
    except UsageError:
        return None


def _read_toml(path: Path) -> tuple[Mapping[str, object], str]:
    """Read a TOML file, and its text as well; both are empty where there is none.

    Raises `SettingsError` for what is no TOML, no regular file, or more than a configuration needs.
    """
    if not os.path.lexists(path):
        return {}, ""
    import tomllib  # noqa: PLC0415 - only where there is a file

    try:
        content = read_file(path, within=path.parent, most=_MOST_BYTES)
        text = content.decode("utf-8", "replace")
        content.decode()
        if max(map(str.count, text.splitlines(), repeat(".")), default=0) > _MOST_DOTS:
            raise SettingsError(f"{path} cannot be read: a line has too many dots.", hint=_FIX)
        return tomllib.loads(text), text
    except UsageError as error:
        raise SettingsError(error.message, hint=error.hint) from error
    except RecursionError:
        raise SettingsError(f"{path} cannot be read: it is nested too deeply.", hint=_FIX) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = "its text, which is not shown, is no TOML" if looks_secret(text) else error
        raise SettingsError(f"{path} cannot be read: {reason}.", hint=_FIX) from None


def _read_tool(table: Mapping[str, object]) -> object:
    """Read `[tool.reconciler]`; None where it is not there."""
    tool = table.get("tool")
    return tool.get("reconciler") if isinstance(tool, Mapping) else None


def read_settings(root: Path) -> Settings:
    """Read the configuration of a root; raises `SettingsError` with every problem on a line of its own."""
    own, shared = root / "reconciler.toml", root / "pyproject.toml"
    table, text = _read_toml(own)
    shared_table, shared_text = _read_toml(shared)
    tool = _read_tool(shared_table)
    is_own = os.path.lexists(own)
    if is_own and tool is not None:
        raise SettingsError(
            "Both reconciler.toml and [tool.reconciler] in pyproject.toml are there.",
            hint="Keep one of them.",
        )
    if looks_secret(text if is_own else str(tool or "")):
        raise SettingsError(
            f"{own.name if is_own else shared.name} holds what looks like a key or a token, which is not shown.",
            hint="Take it out, and make a new one: what is in a repository is known to all who read it.",
        )
    reader = _Reader(own.name if is_own else shared.name, text if is_own else shared_text)
    environments = reader.read(table if is_own else ({} if tool is None else tool))
    if reader.problems:
        raise SettingsError("\n".join(reader.problems), hint="The README describes the file.")
    return Settings(root, environments)


class _Reader:
    """Reads one configuration file and collects what is wrong with it."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.problems: list[str] = []

    def report(self, problem: str, *words: str) -> None:
        """Add a problem, with the line of the last word that stands below those before it."""
        lines = self.text.splitlines()
        number = 0
        for word in words:
            named = re.compile(rf"[^#=]*(?<![\w-]){re.escape(word)}(?![\w-])")
            inline = re.compile(rf"[^#]*(?<![\w-]){re.escape(word)}(?![\w-])")
            found = (
                index
                for pattern in (named, inline)
                for index in range(number, len(lines))
                if pattern.match(lines[index])
            )
            number = next(found, number)
        self.problems.append(f"{self.file}:{number + 1}: {problem}")

    def read(self, table: object) -> dict[str, Environment]:
        """Read the whole table."""
        found = {each.name: each for each in BUILT_IN}
        if not isinstance(table, Mapping):
            self.report("`reconciler` is not a table", "reconciler")
            return found
        for name in table:
            if name != "environments":
                self.report(f"`{name}` is not a setting; did you mean `environments`?", name)
        environments = table.get("environments", {})
        if not isinstance(environments, Mapping):
            self.report("`environments` is not a table", "environments")
            return found
        for name, settings in environments.items():
            if not isinstance(settings, Mapping):
                self.report(f"`environments.{name}` is not a table", "environments", name)
            else:
                found[name] = self.read_environment(name, settings, found.get(name))
        return found

    def read_environment(
        self, name: str, settings: Mapping[str, object], built_in: Environment | None
    ) -> Environment:
        """Read one environment; a built-in one takes no addresses."""
        known = COMMON if built_in else (*OWN, *COMMON)
        for key in settings:
            if key not in known:
                self.report(self._explain_key(name, key, known, built_in), "environments", name, key)
        if not re.fullmatch(NAME, name):
            problem = f"`{name}` is no name for an environment: use a–z, 0–9 and `-`"
            self.report(problem, "environments", name)
        register = built_in.register if built_in else self.read_address(name, settings, "register")
        maskinporten = (
            built_in.maskinporten if built_in else self.read_address(name, settings, "maskinporten")
        )
        if not built_in and register and maskinporten:
            objection = find_objection("token", maskinporten, register, named=maskinporten)
            if objection:
                self.report(
                    f"no token for `{name}`: {objection}; an environment of your own needs its own issuer",
                    "environments",
                    name,
                    "maskinporten",
                )
        return Environment(
            name,
            register.rstrip("/"),
            maskinporten if built_in else maskinporten.rstrip("/") + "/",
            tuple(self.read_clients(name, settings)),
            tuple(self.read_unmanaged(name, settings)),
            self.read_day(name, settings, KEY_EXPIRES),
            *self.read_delegation(name, settings),
            *self.read_checks(name, settings, built_in, register),
        )

    def read_checks(
        self, name: str, settings: Mapping[str, object], built_in: Environment | None, register: str
    ) -> tuple[bool, tuple[ConfiguredCheck, ...]]:
        """Read whether an environment is for tests, and what `check` asks whom for there."""

        def report(problem: str, *words: str) -> None:
            self.report(problem, "environments", name, *words)

        given = settings.get(TEST, False)
        test = built_in.test if built_in else given is True
        if not built_in and not isinstance(given, bool):
            report(f"`{TEST}` of `{name}` is neither true nor false", TEST)
        if test and is_production(identify(register)):
            report(f"`{TEST}` of `{name}` cannot be true: its register is the one of production", TEST)
        if CHECKS not in settings:
            return test, ()
        from reconciler.definitions.check_settings import read_checks  # noqa: PLC0415 - few files have any

        if not test:
            why = "customers are not asked there" if built_in else f"it is not marked `{TEST} = true`"
            report(f"`{name}` cannot have `{CHECKS}`: {why}", CHECKS)
        return test, tuple(read_checks(settings[CHECKS], name, report))

    @staticmethod
    def _explain_key(name: str, key: str, known: tuple[str, ...], built_in: Environment | None) -> str:
        if built_in and key in OWN:
            return f"`{key}` of `{name}` cannot be redefined; give another environment another name"
        near = find_nearest(key, known)
        return f"`{key}` is not a setting of an environment" + (f"; did you mean `{near}`?" if near else "")

    def read_address(self, name: str, settings: Mapping[str, object], key: str) -> str:
        """Read an address: https, or http on loopback, and nothing hidden in it."""
        value = settings.get(key)
        if not isinstance(value, str):
            problem = f"`{key}` is not a text" if key in settings else f"`environments.{name}` has no `{key}`"
            self.report(problem, "environments", name, *([key] if key in settings else []))
            return ""
        if not is_sound(value):
            problem = f"`{key}` of `{name}` is not an https address, nor http on this machine"
            self.report(problem, "environments", name, key)
            return ""
        return value

    def read_clients(self, name: str, settings: Mapping[str, object]) -> Iterator[str]:
        """Read the client ids that may write."""
        for each in self.read_texts(name, settings, "clients"):
            if not is_client_id(each):
                self.report(
                    f"`clients` of `{name}` holds what is no client id", "environments", name, "clients"
                )
            yield each

    def read_unmanaged(self, name: str, settings: Mapping[str, object]) -> Iterator[str]:
        """Read the patterns of systems that are known to have no definition."""
        for each in self.read_texts(name, settings, "unmanaged"):
            if not is_pattern(each):
                problem = f"`unmanaged` of `{name}` holds what is no short pattern of ids"
                self.report(problem, "environments", name, "unmanaged")
            yield each

    def read_day(self, name: str, settings: Mapping[str, object], key: str) -> date | None:
        """Read a day, as TOML's own or as a text; None where it is left out."""
        value = settings.get(key)
        if isinstance(value, str):
            with suppress(ValueError):
                value = date.fromisoformat(value) if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else value
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        self.report(f"`{key}` of `{name}` is not a day such as 2027-03-01", "environments", name, key)
        return None

    def read_delegation(self, name: str, settings: Mapping[str, object]) -> tuple[tuple[str, ...], str]:
        """Read on whose behalf the client acts, and whose it is."""
        given, supplier = settings.get(CONSUMER, []), settings.get(SUPPLIER, "")
        consumers = given if isinstance(given, list) else [given]
        asked = [
            *((each, CONSUMER) for each in consumers),
            *([(supplier, SUPPLIER)] if supplier != "" else []),
        ]
        for value, key in asked:
            if not isinstance(value, str) or not ORGANISATION.fullmatch(value):
                problem = f'`{key}` of `{name}` is not an organisation number in quotation marks, such as "991825827"'
                self.report(problem, "environments", name, key)
                return (), ""
        if supplier in consumers:
            self.report(f"`{SUPPLIER}` of `{name}` cannot act for itself", "environments", name, SUPPLIER)
        return tuple(dict.fromkeys(map(str, consumers))), str(supplier)

    def read_texts(self, name: str, settings: Mapping[str, object], key: str) -> Iterator[str]:
        """Read a list of texts; left out, it is empty."""
        value = settings.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.report(f"`{key}` of `{name}` is not a list of texts", "environments", name, key)
            return
        yield from value
