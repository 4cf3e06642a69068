"""The rules on shape: is it YAML, and does it hold the members of a definition in the right types.

Declared here with their pages; `definition_reader` reports their findings while it reads a document.
"""

from __future__ import annotations

from reconciler.model.findings import Severity
from reconciler.rules.registry import declare

YAML_SYNTAX = declare(
    "yaml-syntax",
    """A definition is one well-formed YAML document in UTF-8.

    Tags such as `!!python/object`, control characters and nesting deeper than 32 levels
    are refused as well: a definition comes from a pull request, and is read by people.

    The message names what is wrong and its line: a tab or an indentation, a quote or a
    bracket that stays open, a comma behind a value, a merge conflict, another encoding.

    Fix: quote a text that holds `: ` or ` #`, or that starts with a bracket or one
    of `*`, `&`, `!`, `%`, `@`.

        name: {nb: "SmartCloud: regnskap", nn: Smart SKY, en: SmartCloud 1}
    """,
    allowable=False,
)
FILE_TOO_LARGE = declare(
    "file-too-large",
    """A definition is at most 1 MiB, and holds at most 50,000 values.

    A larger file is a mistake or an attack, and is not read on.

    Fix: one system a file.
    """,
    allowable=False,
)
ALIAS_BOMB = declare(
    "alias-bomb",
    """The aliases of a file stand for at most 50,000 values.

    A few lines of nested aliases can stand for more values than a machine can hold. Each
    alias counts as everything that it stands for, and a long text as several values.

    Fix: write the values out.
    """,
    allowable=False,
)
SEVERAL_DOCUMENTS = declare(
    "several-documents",
    """A file holds one YAML document, and so one system.

    What follows the second `---` would not be read.

    Fix: move it to a file of its own.
    """,
    allowable=False,
)
DUPLICATE_KEY = declare(
    "duplicate-key",
    """A member stands once in its mapping, whatever its letter case.

    Programs disagree on which of two counts, the register takes the last (System Register
    contract §2.1), and a reviewer cannot know what would be sent.

    Fix: keep one of them.
    """,
    allowable=False,
)
WRONG_TYPE = declare(
    "wrong-type",
    """A member has the type that the register reads: text, list, mapping, or true and false.

    Null is a wrong type everywhere: the register answers several nulls with an internal
    error (System Register contract §4, Q7). A number is fine where a text is asked for,
    and keeps its leading zeros. `yes`, `on` and `"true"` are texts, not true.

    Fix: write `[]` for an empty list, and leave a member out for its default.

        clientId: [32ef65ac-6e62-498d-880f-76c85c2052ae]
        rights: []
        isVisible: false
    """,
    allowable=False,
)
MISSING_MEMBER = declare(
    "missing-member",
    """A definition states `id`, `vendor`, `name` and `description`; a right states its resource.

    The register refuses a document without them (System Register contract §2.2). A
    withdrawn definition states `id` and `vendor` only. `local` reads the top level, so
    what only an environment states is missing there.

    Fix: add the member; every other one has a default.

        id: 991825827_smartcloud
        vendor: "991825827"
        name: {nb: SmartCloud 1, nn: Smart SKY, en: SmartCloud 1}
        description: {nb: Regnskap, nn: Rekneskap, en: Accounting}
    """,
    allowable=False,
)
UNKNOWN_MEMBER = declare(
    "unknown-member",
    """Every member is one that the register or this tool knows.

    The register ignores what it does not know, and resets what it misses (System Register
    contract §2.1 and §4, Q6): a misspelt list is a list wiped.

    Fix: the nearest name stands in the hint. What is under `environments` is called
    as it is at the top; `allow` and `environments` itself stand at the top only.
    """,
    allowable=False,
)
UNKNOWN_ENVIRONMENT = declare(
    "unknown-environment",
    """Every environment that a definition names is configured.

    A misspelt environment would quietly hold no system.

    Fix: correct the name, or add the environment to `reconciler.toml`.

        environments:
          tt02: {isVisible: false}
          prod: {}
    """,
    allowable=False,
)
SPELLING = declare(
    "spelling",
    """A member is spelt as the register's answers spell it.

    The register reads any letter case (System Register contract §2.1), and so does this
    tool, since the published examples use three. One spelling can be searched for.

    Fix: take the spelling in the hint.
    """,
    severity=Severity.NOTE,
    allowable=False,
)
NEVER_SENT_RULE = declare(
    "never-sent",
    """A member that published examples show is not part of what is sent.

    `isDeleted`, `softDeleted`, `systemVendorOrgNumber` and `vendor.authority` are read and
    ignored, here as in the register (System Register contract §2.1).

    Fix: remove the line. To ask for a deletion, write `withdrawn: true`.
    """,
    severity=Severity.NOTE,
    allowable=False,
)
