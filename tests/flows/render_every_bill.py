"""Run with an instance's environment: every issued bill is rendered with all checks into the folder that is named.

    python -m tests.flows.render_every_bill FOLDER

A bill that does not pass ends it with the reason and the status 1.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(folder: Path) -> int:
    import django

    django.setup()

    from bonafide.billing.models import Invoice
    from bonafide.documents.render_bill import render_bill

    done = 0
    for invoice in Invoice.objects.issued().order_by("position"):
        rendered = render_bill(invoice=invoice, validated=True)
        (folder / f"{invoice.number}.pdf").write_bytes(rendered.pdf)
        (folder / f"{invoice.number}.xml").write_bytes(rendered.xml)
        done += 1
    print(done)  # noqa: T201 - what this program says
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
