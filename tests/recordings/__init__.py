"""What Altinn's own service answered, recorded, and the means to ask the emulator the same."""
