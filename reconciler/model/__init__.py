"""The nouns: what the register, its documents and the findings about them are, without any I/O."""
