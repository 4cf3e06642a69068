"""Two states to a plan, and everything that is said about it; pure."""
