"""What each verb ends with: the codes of `errors.Exit` in the words of that verb, for its help.

Every verb may also end with 2 for a wrong command line or setting, with 4 where it was interrupted before anything
was written, and with 1 where its result cannot be shown or saved. `EXIT_CODES` says what a code means besides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNREAD = "A definition cannot be used, or the register cannot be read."
EXIT_CODES: Mapping[str, Mapping[Exit, str]] = {
    "validate": {
        Exit.DONE: "No errors; with --strict no warnings either. What --online cannot look up is a warning.",
        Exit.FAILED: "There are errors, or with --strict warnings.",
    },
    "plan": {
        Exit.DONE: "The plan is made.",
        Exit.FAILED: "A change is blocked, a definition cannot be used, or the register cannot be read.",
        Exit.DIFFERENT: "With --exit-code: something would change, and nothing is blocked.",
    },
    "verify": {
        Exit.DONE: "The plan can be applied as it was reviewed.",
        Exit.FAILED: "The register cannot be read.",
        Exit.REFUSED: "A system moved since, or the file is no plan for this environment.",
    },
    "apply": {
        Exit.DONE: "Everything is done, or there was nothing to do.",
        Exit.FAILED: "A change failed or is blocked, a definition cannot be used, or others wrote at the same time.",
        Exit.REFUSED: "Nothing was written: the plan is stale or not accepted, the answer was no, or another run "
        "holds the lock.",
        Exit.UNKNOWN: "The outcome of a request is unknown: run recover.",
    },
    "approve": {
        Exit.DONE: "The approval is written, or the file is listed or pruned.",
        Exit.REFUSED: "The file is no saved plan, or is not as it was written.",
    },
    "drift": {
        Exit.DONE: "Nothing differs that is not accepted or adopted.",
        Exit.FAILED: "Not everything can be compared, or --adopt cannot change a file.",
        Exit.DIFFERENT: "Something was changed outside, is missing, deleted or unmanaged.",
    },
    "accept": {Exit.DONE: "The entry is written, listed or removed.", Exit.FAILED: _UNREAD},
    "init": {
        Exit.DONE: "Written, or everything is there; with --check nothing is wrong.",
        Exit.FAILED: "With --check: something is wrong.",
        Exit.REFUSED: "Nothing was written: the answer was no, or nobody can be asked.",
    },
    "new": {
        Exit.DONE: "The file is written, or with --dry-run shown.",
        Exit.REFUSED: "Nothing was written: the file would be wrong, the answer was no, or nobody can be asked.",
    },
    "import": {
        Exit.DONE: "The files say what is registered.",
        Exit.FAILED: "A file still differs or has errors, or not everything can be read.",
    },
    "fmt": {
        Exit.DONE: "Every file is in its canonical form.",
        Exit.FAILED: "A file cannot be read or changed; with --check, one would change.",
    },
    "export": {Exit.DONE: "The request is printed.", Exit.FAILED: _UNREAD},
    "catalogue refresh": {
        Exit.DONE: "The list is saved.",
        Exit.FAILED: "The environment cannot be asked, or its answer cannot be whole.",
    },
    "catalogue search": {Exit.DONE: "Also where nothing fits."},
    "catalogue show": {
        Exit.DONE: "It is shown.",
        Exit.USAGE: "There is none of that name; the nearest are named.",
    },
    "explain": {
        Exit.DONE: "The page is printed.",
        Exit.USAGE: "Nothing has that name; the nearest is named.",
    },
    "list": {
        Exit.DONE: "Everything is listed.",
        Exit.FAILED: "Not everything can be listed or read, or a definition cannot be used.",
    },
    "history": {
        Exit.DONE: "The change log is shown.",
        Exit.FAILED: "The register cannot be read.",
        Exit.USAGE: "The register does not know the system.",
    },
    "check": {
        Exit.DONE: "Proven: the system user has what the template asks for, or nothing of it can be looked at.",
        Exit.FAILED: "Rejected, refused or missing; the last step says what.",
        Exit.DIFFERENT: "The customer has not answered yet; the next run goes on from there.",
        Exit.REFUSED: "Another check of the same customer is running.",
        Exit.UNKNOWN: "A service gave no usable answer.",
    },
    "compare": {
        Exit.DONE: "Also where the two differ, or a system cannot be read.",
        Exit.FAILED: "A definition has errors, or --live cannot ask a register.",
    },
    "customers": {
        Exit.DONE: "Everything was read, also where something is unknown.",
        Exit.FAILED: "Something of a customer, or the register, cannot be read.",
        Exit.USAGE: "The register does not know the system.",
    },
    "ask": {
        Exit.DONE: "The plan is made; or each customer of it is asked; or the state of each is shown.",
        Exit.FAILED: "A request failed, or was rejected or withdrawn before, or the run stopped early.",
        Exit.REFUSED: "Nobody was asked: the plan is not accepted, not fresh or not as it was written, the register "
        "does not hold what is asked for, or another run holds the lock.",
        Exit.UNKNOWN: "Whether a request arrived is not known: run the same command again.",
    },
    "runs": {Exit.DONE: "Also where there are none."},
    "recover": {
        Exit.DONE: "Nothing is open any more.",
        Exit.FAILED: "A client id is on no system, a write overwrote another's, or the register cannot be read.",
        Exit.REFUSED: "Another run holds the lock.",
        Exit.UNKNOWN: "What became of a request cannot be found out.",
    },
    "rollback": {
        Exit.DONE: "The plan is made.",
        Exit.FAILED: "Something of the run cannot be put back.",
        Exit.REFUSED: "The run wrote to another register.",
    },
    "evidence": {
        Exit.DONE: "The file is written; with --verify: it is sound, and the register shows what it says.",
        Exit.FAILED: "Something does not fit together, or the register cannot be read.",
        Exit.REFUSED: "The plan or the environment is not that of the run.",
    },
    "doctor": {
        Exit.DONE: "Nothing is wrong.",
        Exit.FAILED: "Something is; the last line names what to fix first.",
    },
    "schema": {Exit.DONE: "The schema is printed."},
    "completion": {Exit.DONE: "The script is printed."},
    "register serve": {
        Exit.DONE: "It was stopped.",
        Exit.USAGE: "The port is taken, or the configuration is wrong.",
    },
}
"""By the words that name the verb."""
