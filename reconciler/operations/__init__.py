"""The use cases: one file a verb, which takes what it works with and gives a value.

Nothing here parses a command line, prints, or opens a connection.
"""
