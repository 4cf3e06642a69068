"""The resource registry and the access packages, which the register asks and anyone may."""
