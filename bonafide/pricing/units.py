"""Units as people read them: ``hour`` is "2 hours" and « 2 heures ». Pure: no Django.

A meter's unit is a name for machines, compared as it stands. The ones below are known in both languages; any other (``EUR``,
``kWh``, the operator's own) is shown as it is written.
"""

from __future__ import annotations

from decimal import Decimal

# unit -> language -> (one, many)
KNOWN: dict[str, dict[str, tuple[str, str]]] = {
    "second": {"en": ("second", "seconds"), "fr": ("seconde", "secondes")},
    "minute": {"en": ("minute", "minutes"), "fr": ("minute", "minutes")},
    "hour": {"en": ("hour", "hours"), "fr": ("heure", "heures")},
    "day": {"en": ("day", "days"), "fr": ("jour", "jours")},
    "month": {"en": ("month", "months"), "fr": ("mois", "mois")},
    "period": {"en": ("period", "periods"), "fr": ("période", "périodes")},
    "GPU-hour": {"en": ("GPU-hour", "GPU-hours"), "fr": ("heure GPU", "heures GPU")},
    "vCPU-hour": {"en": ("vCPU-hour", "vCPU-hours"), "fr": ("heure vCPU", "heures vCPU")},
    "GB": {"en": ("GB", "GB"), "fr": ("Go", "Go")},
    "TB": {"en": ("TB", "TB"), "fr": ("To", "To")},
    "GB-hour": {"en": ("GB-hour", "GB-hours"), "fr": ("Go-heure", "Go-heures")},
    "GB-month": {"en": ("GB-month", "GB-months"), "fr": ("Go-mois", "Go-mois")},
    "request": {"en": ("request", "requests"), "fr": ("requête", "requêtes")},
    "call": {"en": ("call", "calls"), "fr": ("appel", "appels")},
    "message": {"en": ("message", "messages"), "fr": ("message", "messages")},
    "page": {"en": ("page", "pages"), "fr": ("page", "pages")},
    "user": {"en": ("user", "users"), "fr": ("utilisateur", "utilisateurs")},
    "seat": {"en": ("seat", "seats"), "fr": ("poste", "postes")},
    "backup": {"en": ("backup", "backups"), "fr": ("sauvegarde", "sauvegardes")},
    "domain": {"en": ("domain", "domains"), "fr": ("domaine", "domaines")},
    "package": {"en": ("package", "packages"), "fr": ("lot", "lots")},
    "discount": {"en": ("discount", "discounts"), "fr": ("remise", "remises")},
    "voucher": {"en": ("voucher", "vouchers"), "fr": ("bon", "bons")},
    "adjustment": {"en": ("adjustment", "adjustments"), "fr": ("régularisation", "régularisations")},
}


def unit_text(*, unit: str, quantity: Decimal, language: str) -> str:
    """The unit after ``quantity``. English has one only for exactly 1; French counts up to below 2 as one."""
    if unit not in KNOWN:
        return unit
    one, many = KNOWN[unit][language]
    size = abs(quantity)
    return one if (size < 2 if language == "fr" else size == 1) else many
