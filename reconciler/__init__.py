"""A declarative reconciler for Altinn's System Register: definitions in git, plan, apply, drift.

The house, from the street to the ground. A room knows only the floors below its own.

    cli/            argv → operation → text → exit code; one file a verb
    render/         value → text, one file a format; escape
    operations      the use cases, one file a verb
    apply           carries out a plan            preflight   what has to be true before it
    evidence        what writes are judged by
    attempt         one request, from look to look        snapshot    a document and its log
    recovery        what a crash left open        metadata    what the environment knows
    survey, listing    many systems at a time        past        definitions at other revisions
    register, refusal    HTTP client of the register    local       the embedded register
    maskinporten    key → grant → token           git         the repository's objects
    claims          what a token says of itself   exchange    one request under its limits
    answer          what a body holds             network, egress       sockets, proxy, certificates
    keys, http, trace, secret, settings, credentials, workspace    journal, lock, actions
    platform        what operating systems do differently
    record          a line of a journal as what it has to be
    ─────────────────────── below this line nothing does I/O ───────────────────────
    drift           the plan and who did it       outcome     what became of a plan
    planfile, plan_v1   the plan as JSON          history     a change log as a story
    audit           whether a plan is honest      explanation     what each id means
    origin          why a field differs           acceptance  what may differ for a while
    plan, steps     every change in order         change, impact      one system, and people
    settlement      what became of a request      verdict     the same as an outcome in words
    changelog       who set what
    rules/          every validation rule         diff, body  two systems, field by field
    normalise, redirect, host                     what two sides can be compared by
    definition, resolve    what a file says, and in one environment
    model           the members of the document   catalogue   packages and resources
    environment     a register and its Maskinporten    revision    a commit    suggest    the nearest name
    document        YAML ⇄ tree with positions    digest, problem, size
    tree            the parts of a file           syntax      why a file is no YAML
    findings, errors    trouble that is returned, trouble that is raised
    escape          other people's text made inert
    address         where a token may go

    emulator/       the register itself, on a real socket; shares nothing with the rest
"""

__version__ = "0.1.0"
