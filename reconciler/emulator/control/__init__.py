"""What a test or a person at the same machine sets: configuration, faults, another writer."""
