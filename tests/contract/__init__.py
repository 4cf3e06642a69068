"""What the System Register's contract says, case by case, against any address; the emulator by default."""
