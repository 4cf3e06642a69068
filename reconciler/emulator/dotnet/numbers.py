"""Numbers as .NET writes them where a JSON number becomes text.

System Register contract §5 (`clientId`) and §6.3: integers of 64 bits as they are, others as the
shortest `double`, with an exponent from 1E+15 on.
"""

from __future__ import annotations

from decimal import Decimal

_LONGEST = 15
"""From this power of ten on, `Double.ToString` writes an exponent; below 1E-05 likewise."""


def write_number(text: str) -> str:
    """Write a number in JSON form, or in one of the further forms that Newtonsoft.Json reads."""
    if text.lower().lstrip("+-").startswith("0x"):
        return str(int(text, 16))
    if text.lstrip("+-").isdigit() and abs(float(text)) < 1e19 and -(2**63) <= int(text) < 2**63:
        return str(int(text))
    return write_double(float(text))


def write_double(value: float) -> str:
    """Write a double as `Double.ToString` does without a culture."""
    if value in {float("inf"), float("-inf")}:
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0" if str(value).startswith("-") else "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    whole = "".join(map(str, digits))
    power = len(whole) + int(exponent) - 1
    minus = "-" if sign else ""
    if not -5 <= power < _LONGEST:
        fraction = f".{whole[1:]}" if len(whole) > 1 else ""
        return f"{minus}{whole[0]}{fraction}E{'+' if power > 0 else '-'}{abs(power):02d}"
    return f"{minus}{Decimal(repr(abs(value))).normalize():f}"
