"""What this package does by itself."""

from bonafide.background.schedules import Schedule

SCHEDULES = (
    Schedule("tell-of-ending-keys", "bonafide.accounts.tasks.tell_of_ending_keys", "10 8 * * *"),
    Schedule("check-vat-numbers", "bonafide.accounts.tasks.check_vat_numbers", 5),
)
