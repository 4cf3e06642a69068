"""The System Register's contract as tests against any address; the emulator by default."""
