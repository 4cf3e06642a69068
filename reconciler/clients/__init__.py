"""Whatever speaks HTTP: the register, Maskinporten, the metadata services, and what that needs."""
