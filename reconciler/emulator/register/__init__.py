"""The System Register's own rules, one module for each thing that they reproduce.

Each names the clause of the System Register contract that it follows, and knows no socket, no store
and no clock. `endpoints` puts them together.
"""
