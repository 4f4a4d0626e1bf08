"""The back office has no sign-in of its own."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin

# Our rate limits, second factors and verification guard the console's sign-in; the admin's own page would be a way around them.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
