"""The letter that a visit begins. A look sends none: it stands in the settings; letters about each would be read by nobody."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from bonafide.accounts.models import Membership
from bonafide.mail.send import send_letter
from bonafide.privacy.models import Visit
from bonafide.privacy.staff_code import staff_code


def tell_of_visit(*, visit: Visit) -> None:
    """To every owner of the account. Call it in the transaction in which the visit begins."""
    account = visit.account
    for membership in Membership.objects.owners().filter(account=account).select_related("user").order_by("pk"):
        send_letter(
            purpose="staff-visit",
            template="privacy/email/visit_begun",
            now=visit.began_at,
            person=membership.user,
            account=account,
            to=membership.user.email,
            language=membership.user.language or account.language,
            given={
                "account": account.name[:80],
                "code": staff_code(visit.staff),
                "reason": visit.reason,
                "began_at": visit.began_at,
                "until": visit.until,
                "privacy_url": settings.OPERATOR.service.console_url + reverse("privacy"),
            },
        )
