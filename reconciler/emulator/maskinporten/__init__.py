"""Maskinporten: grants, access tokens and keys; Altinn's token exchange; the generator of test tokens."""
