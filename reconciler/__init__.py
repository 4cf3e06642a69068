"""A declarative reconciler for Altinn's System Register: definitions in git, plan, apply, drift.

The layers, from the top down. A module imports from its own package and from those below it; `planning` and
`clients` do not know each other.

    __main__      starts the program: signals, exit codes, the last resort for errors
    cli           argv → operation → text → exit code; one file a verb
    render        value → text, one file a format
    operations    the use cases, one file a verb
    execution     a plan → the register: preflight, requests, journal, lock, recovery
    planning      two states → a plan, and all that is said about it; pure
    clients       whatever speaks HTTP: the register, Maskinporten, metadata, keys, tokens
    rules         every validation rule
    definitions   files ⇄ definitions: YAML with positions, the configuration file, git
    model         the nouns of the register and of what is found; pure
    platform      what operating systems do differently
    errors        what stops the program, with its exit codes
    build         which version this is, and from which commit

    emulator      the register itself, on a real socket; shares nothing with the rest
"""

__version__ = "0.1.0"
