"""Every validation rule, grouped by the member that it checks; `check_documents` applies them all."""

from reconciler.rules import client_ids as clients
from reconciler.rules import identity, packages, redirects, requests, rights, texts, visibility
from reconciler.rules.engine import Checked, check_documents
from reconciler.rules.registry import RULES, Rule

GROUPS = (identity, texts, rights, packages, clients, redirects, visibility, requests)
"""Imported for the rules that they declare; the rules on shape come with `check`."""

__all__ = ["RULES", "Checked", "Rule", "check_documents"]
