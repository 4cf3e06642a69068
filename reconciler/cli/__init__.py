"""The command line: argv to operation to text to exit code, one file a verb, loaded when it runs."""
