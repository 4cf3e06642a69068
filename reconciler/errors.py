"""What stops the tool: one tree of exceptions and the one table of exit codes.

    ReconcilerError
    ├── UsageError                 the command line, a setting or a configuration file is wrong
    │   └── SettingsError
    ├── CredentialsError           no key, a key that cannot be used, two keys that disagree
    ├── MaskinportenError          Maskinporten gave no token
    │   ├── SignerFailed           the command that signs gave no signature, so nothing was asked
    │   ├── GrantRefused           it answered, and refused the grant
    │   │   ├── ClientRefused      unknown client, or the wrong environment
    │   │   ├── KeyRefused         unknown, expired or wrong key
    │   │   ├── ClockRefused       our clock and theirs disagree
    │   │   ├── GrantReplayed      the grant was used before
    │   │   ├── ScopeRefused       the client or its organisation lacks the scope
    │   │   ├── DelegationRefused  nobody delegated the scope, or the token is not the delegated one
    │   │   └── SystemUserRefused  no system user is like the one that the grant names
    │   └── MaskinportenUnavailable  it could not be reached, or its answer made no sense
    ├── RegisterError              the register, or a metadata API, did not do what was asked
    │   ├── NotConnected           the connection was never made: nothing was sent
    │   ├── NoAnswer               sent, but no usable answer came back
    │   ├── Unauthorised           401
    │   │   └── TokenRenewed       401 to a write, and there is another token now
    │   ├── Forbidden              403
    │   ├── Rejected               400, 404, 409, 415: understood and refused, with problems
    │   ├── TooManyRequests        429
    │   ├── ServerFailed           5xx
    │   ├── Unintelligible         a success whose body is not what the contract says
    │   └── Unsteady               others write to a system faster than it can be read
    ├── EditRefused                a definition file cannot be changed without changing more of it
    ├── WriteRefused               our own transport or guard would not let a write through
    └── Refused                    nothing was written, and the reason is known

What a person fixes by editing a definition is no exception but a `Finding`. Only `__main__`
turns an exception into the end of the process.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import ClassVar


class Exit(IntEnum):
    """What the process answers; the table stands in the README."""

    DONE = 0
    """Done, and nothing to report."""
    FAILED = 1
    """Something failed, is blocked or was found wrong, and all of it is known."""
    USAGE = 2
    """The command line or a setting is wrong."""
    DIFFERENT = 3
    """Differences exist, and nothing worse."""
    REFUSED = 4
    """Refused before the first write."""
    UNKNOWN = 5
    """An outcome is unknown."""

    @staticmethod
    def worst(*codes: Exit) -> Exit:
        """Choose the code that counts where several hold: 5, 1, 4, 3, 0; a usage error stands alone."""
        order = (Exit.USAGE, Exit.UNKNOWN, Exit.FAILED, Exit.REFUSED, Exit.DIFFERENT, Exit.DONE)
        return min(codes, key=order.index, default=Exit.DONE)


class ReconcilerError(Exception):
    """Something stops the tool; `message` says what in one sentence, `hint` what to do."""

    exit_code: ClassVar[Exit] = Exit.FAILED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.explained = False
        """Whether the summary of the step says already how to go on."""


class UsageError(ReconcilerError):
    """The command line asks for something that does not exist or does not fit together."""

    exit_code = Exit.USAGE


class SettingsError(UsageError):
    """The configuration file or an environment variable is wrong."""


class CredentialsError(ReconcilerError):
    """There is no usable key, or the configured ones contradict each other."""


class MaskinportenError(ReconcilerError):
    """Maskinporten gave no token."""


class SignerFailed(MaskinportenError):
    """The command that signs grants gave no signature, or another one than was asked for."""


class GrantRefused(MaskinportenError):
    """Maskinporten answered and refused the grant.

    `code` is the MP code (`MP-121`) or empty; `trace` the trace id that Digdir asks for, or empty.
    """

    def __init__(self, message: str, *, hint: str = "", code: str = "", trace: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.trace = trace


class ClientRefused(GrantRefused):
    """The client is unknown to this Maskinporten, or the grant was meant for another one."""


class KeyRefused(GrantRefused):
    """The key is unknown to the client, expired, or not the one that signed."""


class ClockRefused(GrantRefused):
    """The grant's times do not fit Maskinporten's clock."""


class GrantReplayed(GrantRefused):
    """The grant was used before."""


class ScopeRefused(GrantRefused):
    """The client or its organisation has not been given the scope."""


class DelegationRefused(GrantRefused):
    """The vendor has not delegated the scope to the client's organisation, or the token is not by delegation."""


class SystemUserRefused(GrantRefused):
    """Maskinporten finds no system user like the one that a grant names."""


class MaskinportenUnavailable(MaskinportenError):
    """Maskinporten could not be reached, or its answer made no sense."""


class RegisterError(ReconcilerError):
    """The register, or a metadata API beside it, did not do what was asked.

    `status` is the HTTP status, 0 where there was none; `trace` the register's trace id, or empty.
    """

    def __init__(self, message: str, *, hint: str = "", status: int = 0, trace: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.trace = trace


class NotConnected(RegisterError):
    """The connection was never made, so nothing was sent."""


class NoAnswer(RegisterError):
    """The request left this machine, but no usable answer came back.

    The register may or may not have carried it out. Sending a write again is never the remedy. `overdue` says
    that the time ran out, so that the register may be at it still.
    """

    def __init__(
        self, message: str, *, hint: str = "", status: int = 0, trace: str = "", overdue: bool = False
    ) -> None:
        super().__init__(message, hint=hint, status=status, trace=trace)
        self.overdue = overdue


class Unauthorised(RegisterError):
    """401: the token is missing, expired, or from another environment."""


class TokenRenewed(Unauthorised):
    """401 to a write, and there is another token now.

    The write may be sent again with it, once the register has shown that nothing was done.
    """


class Forbidden(RegisterError):
    """403: the scope is missing, or the token's organisation does not own the system."""


class Rejected(RegisterError):
    """The register understood the request and refused it.

    `codes` are the `AUTH.VLD-…` codes in the register's order; empty where it gave none.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        status: int = 400,
        trace: str = "",
        codes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint, status=status, trace=trace)
        self.codes = codes


class TooManyRequests(RegisterError):
    """429: `wait` is the number of seconds the register asked for, or None."""

    def __init__(self, message: str, *, hint: str = "", wait: float | None = None) -> None:
        super().__init__(message, hint=hint, status=429)
        self.wait = wait


class ServerFailed(RegisterError):
    """5xx: the register failed; whether it wrote before it failed is not known."""


class Unintelligible(RegisterError):
    """A success whose body is not what the contract promises."""


class Unsteady(RegisterError):
    """Others write to a system faster than its document and its change log can be read together."""


class EditRefused(ReconcilerError):
    """A definition file cannot be changed in place without changing something else in it; it stays as it was."""


class WriteRefused(ReconcilerError):
    """A write was stopped on this side before anything was sent."""

    exit_code = Exit.REFUSED


class Remedy(StrEnum):
    """What has to come before a run that was refused can go through."""

    HINT = "hint"
    """What the hint says."""
    PLAN_AGAIN = "plan again"
    """The plan is not of now, so accepting it would change nothing."""
    ACCEPT = "accept"
    RECOVER = "recover"
    FIND_JOURNAL = "find the journal"
    WAIT = "wait"
    """For the run that is under way."""


class Refused(ReconcilerError):
    """Nothing was written, the reason is known, and so is what to do about it."""

    exit_code = Exit.REFUSED

    def __init__(self, message: str, *, hint: str = "", remedy: Remedy = Remedy.HINT) -> None:
        super().__init__(message, hint=hint)
        self.remedy = remedy
