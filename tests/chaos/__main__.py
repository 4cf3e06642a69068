"""`python -m tests.chaos`."""

import sys

from tests.chaos.program import end_on_signal, main

if __name__ == "__main__":
    end_on_signal()
    sys.exit(main())
