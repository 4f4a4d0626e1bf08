"""What this package holds of people: letters, where the operator has them written into a folder instead of sent."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import Basis, Kind, Place, Table, Whose

TABLES: tuple[Table, ...] = ()

PLACES = (
    Place(
        "letters/*",
        kind=Kind.LETTERS,
        what=_("letters, whole, while the console is tried out (they are sent otherwise, and not kept)"),
        whose=Whose.LOGINS,
        why=_("to try the console out without a mail server"),
        basis=Basis.INTEREST,
        ends=_("by hand: only a console that is tried out has them"),
        enforced_by="bonafide.setting_up.check",
    ),
)
