"""Everything that uses HTTP: the clients of the register, Maskinporten and the metadata services, keys and tokens."""
