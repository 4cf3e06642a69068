"""A declarative reconciler for Altinn's System Register."""
