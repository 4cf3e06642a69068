"""What a person reads on a terminal or in a log, as lines: one file for each thing that is shown."""
