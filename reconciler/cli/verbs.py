"""The verbs and what the help says of each, by what they are for."""

from __future__ import annotations

GROUPS = {
    "Daily work": {
        "validate": "Check definition files; no network.",
        "plan": "Show what apply would do; never writes.",
        "verify": "Say whether a saved plan is still fresh.",
        "apply": "Make the register match the definitions.",
        "approve": "Record in git that what a plan breaks is accepted.",
        "drift": "Show what differs from the files, since when and by whom.",
        "accept": "Accept one difference for a while.",
    },
    "Definitions": {
        "init": "Write what a repository needs to start with.",
        "new": "Write the definition of a new system, to be filled in.",
        "import": "Write or update definition files from the register.",
        "fmt": "Put definition files in their canonical form; no network.",
        "export": "Print the exact JSON that apply would send.",
        "catalogue": "Look up access packages and resources.",
        "explain": "Print the page of a rule, an impact or a code.",
    },
    "Customers and register": {
        "check": "Prove a registration from end to end, in a test environment.",
        "list": "Show what is registered, with or without definitions.",
        "history": "Show a system's change log, oldest write first.",
        "compare": "Put two environments side by side.",
        "customers": "Show who has, waits for, or lacks each right.",
        "ask": "Ask existing customers for a new right.",
    },
    "Look into it": {
        "runs": "List the runs of the journal, newest first.",
        "recover": "Find out what became of an interrupted apply; sends nothing.",
        "rollback": "Make a plan that puts back what a run updated.",
        "evidence": "Put what proves a run into one file, or check it.",
        "doctor": "Say what the credentials can do, and what is wrong.",
    },
    "For programs": {
        "schema": "Print a JSON Schema.",
        "completion": "Print what makes a shell complete.",
        "register": "Run the embedded register for other programs.",
    },
}
"""The verbs and their lines in the help, by what they are for."""
VERBS = {verb: line for group in GROUPS.values() for verb, line in group.items()}
