"""Configuration, faults and concurrent writes, and the control endpoint that changes them at run time."""
