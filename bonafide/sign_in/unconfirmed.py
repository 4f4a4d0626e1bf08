"""Sign-ups that nobody ever confirmed: whoever had the mailbox did not want them, or never saw the letter."""

from __future__ import annotations

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db.models import Exists, OuterRef, QuerySet

from bonafide.accounts.models import User


def never_confirmed(*, before: datetime) -> QuerySet[User]:
    """Logins made before then whose address was never confirmed, and with which nobody ever came in, a provider's included.

    Staff are none of them, and neither is who lost a confirmed address later: they have signed in.
    """
    addresses = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    providers = SocialAccount.objects.filter(user=OuterRef("pk"))
    found: QuerySet[User] = User.objects.filter(
        ~Exists(addresses), ~Exists(providers), date_joined__lt=before, last_login=None, is_staff=False, is_superuser=False
    )
    return found
