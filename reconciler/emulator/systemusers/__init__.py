"""The system users of a vendor's systems: a list in pages, a look-up, and the look-up for Maskinporten."""
