"""The customers' side of the contract, row by row, against the emulator."""
