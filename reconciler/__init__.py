"""A declarative reconciler for Altinn's System Register: definitions in git, plan, apply, drift.

The house, from the street to the ground. A room knows only the floors below its own.

    cli/            argv → operation → text → exit code; one file a verb
    render/         value → text: text, terminal, json; escape
    operations      the use cases, one function a verb
    apply           carries out a plan
    register        HTTP client of the register and the metadata APIs    local    the embedded register
    maskinporten    key → grant → token      keys, http                  journal  what apply did
    settings        environments, variables  secret                      workspace  the disk
    ────────────────────────────────────── below this line nothing does I/O ─────────────
    outcome         what became of a plan    planfile                    the plan as JSON
    plan, steps     every change in order    change, impact              one system, and the people behind it
    settlement      what became of a request                             changelog  who set what
    rules/          every validation rule    diff, body                  two systems, field by field
    normalise, redirect                      what two sides can be compared by
    model           the members of the document                          catalogue  packages and resources
    document        YAML ⇄ tree with positions                           digest, problem
    findings, errors    trouble that is returned, trouble that is raised

    emulator/       the register itself, on a real socket; shares nothing with the rest
"""

__version__ = "0.1.0"
