"""Files to definitions: YAML with positions, the configuration file, git."""
