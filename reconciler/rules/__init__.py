"""Every validation rule, grouped by what it looks at; `check_documents` asks them all."""

from reconciler.rules.check import Checked, check_documents
from reconciler.rules.registry import RULES, Rule

__all__ = ["RULES", "Checked", "Rule", "check_documents"]
