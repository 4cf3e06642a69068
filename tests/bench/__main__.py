"""`python -m tests.bench`: how long the program takes, beside the least that it can and beside octoDNS.

All files are made here, the register is an emulator in another process, and each result is compared with the expected
one. The exit code is 0 whatever the times are, and 1 where a result is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from reconciler.model.environment import READERS
from tests.bench.cases import CASES
from tests.bench.limits import judge
from tests.bench.measuring import Bench, Client, Row, WrongResult
from tests.bench.table import describe_machine, draw_page, list_rows, replace_page
from tests.served import export_pem, export_public

SIZES = (10, 100, 1000, 10_000)


def main(words: list[str] | None = None) -> int:
    """Measure, print the tables, and give the exit code."""
    options = _read_options(words)
    key = generate_private_key(public_exponent=65537, key_size=2048)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        bench = Bench(
            Path(folder),
            Client(export_pem(key), export_public(key)),
            options.workers,
            options.rounds,
            _note,
            with_octodns=find_spec("octodns") is not None and not options.without_octodns,
            with_counts=not options.without_counts,
        )
        chosen = [each for each in CASES if any(fnmatchcase(each.name, one) for one in options.cases or "*")]
        try:
            for case in chosen:
                rows += bench.measure(case, options.sizes)
        except WrongResult as error:
            _note(f"wrong: {error}")
            return 1
    machine = describe_machine(options.workers, options.rounds)
    verdicts = judge(rows, options.workers)
    page = draw_page(rows, verdicts, machine)
    if options.page:
        options.page.write_text(
            replace_page(options.page.read_text(encoding="utf-8"), page), encoding="utf-8"
        )
    shown = {"machine": machine, "rows": list_rows(rows), "verdicts": [each.write() for each in verdicts]}
    sys.stdout.write(json.dumps(shown, indent=2) + "\n" if options.json else page)
    return 0


def _read_options(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "--cases",
        action="append",
        metavar="PATTERN",
        help="only the cases of this name, with * and ?; repeatable",
    )
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="how often each is run; default 5")
    parser.add_argument("--sizes", type=_read_sizes, default=SIZES, metavar="N,N", help="numbers of systems")
    parser.add_argument(
        "--workers", type=int, default=READERS, metavar="N", help=f"reads at the same time; default {READERS}"
    )
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="put the tables between the marks of this page"
    )
    parser.add_argument("--without-octodns", action="store_true", help="leave octoDNS out")
    parser.add_argument("--without-counts", action="store_true", help="trace no allocations")
    return parser.parse_args(words)


def _read_sizes(text: str) -> tuple[int, ...]:
    return tuple(int(each) for each in text.split(","))


def _note(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
