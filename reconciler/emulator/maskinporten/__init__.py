"""Maskinporten, the exchange of its tokens, and the generator of tokens for tests."""
