"""The two metadata APIs, resource registry and access packages, and the register's own calls to them."""
