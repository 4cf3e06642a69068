"""Random rounds of apply under faults, kills, full disks and other writers, and what a sceptic asks afterwards.

    python -m tests.chaos --rounds 100 --seed 7              # random rounds
    python -m tests.chaos --rounds 100 --seed 7 --only 42    # one of them alone, with everything it did
    python -m tests.chaos --between                          # another writer between every two requests, in turn

A round seeds a register with the systems of a vendor of its own, writes definitions that ask for 30 mixed changes,
and runs `plan` and `apply` as a person does, with one or two things that go wrong. Then it runs `recover` and
`apply` until the register holds what the files ask for, and holds every word that was printed against the
register's change log and against the proxy's own list of what went over the wire.

    register    the emulator in a process of its own, and whoever else writes to it
    proxy       between the program and the register: keeps the list of requests, and strikes them
    scenario    what is registered, and what the files ask for
    trouble     what goes wrong, and at which moment
    command     one run of the program: how it is started, hit and read
    verdict     what has to be true of a run
    ending      what has to be true of a round
    round       a round from its seed to its verdict
    program     the command line
    between     another writer between every two requests

Nothing here uses the tests' other helpers or imports the program: it is a witness of its own.
"""
