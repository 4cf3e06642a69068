"""A plan to the register: what has to be true before a write, the writes, the journal, and what became of them."""
