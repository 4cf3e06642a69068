"""Recorded answers of Altinn's own service, and a player that sends the same requests to the emulator."""
