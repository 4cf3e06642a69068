"""Tests of the emulator itself: what it adds to the contract, and what it promises as a program."""
