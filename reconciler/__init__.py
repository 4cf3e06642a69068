"""A declarative reconciler for Altinn's System Register."""

__version__ = "0.1.0"
