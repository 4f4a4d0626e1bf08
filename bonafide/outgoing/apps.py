from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutgoingConfig(AppConfig):
    name = "bonafide.outgoing"
    label = "outgoing"
    verbose_name = _("Passed on")

    def ready(self) -> None:
        """In every process of the product: web, worker, schedule and commands."""
        from django.core.checks import register

        from bonafide.outgoing import checks, guard

        guard.install(looked_up=checks.database_hosts())
        register(checks.hosts_are_declared)
        register(checks.processors_are_bound)
        register(checks.the_database_is_declared)
