"""The system users of a vendor's systems."""
