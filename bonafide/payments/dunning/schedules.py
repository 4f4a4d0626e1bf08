"""What this package does by itself."""

from bonafide.background.schedules import Schedule

SCHEDULES = (
    Schedule("follow-up-unpaid", "bonafide.payments.dunning.tasks.follow_up_unpaid", 15),
    Schedule("reinstate-who-paid", "bonafide.payments.dunning.tasks.reinstate_who_paid", 5),
    Schedule("tell-staff-of-dunning", "bonafide.payments.dunning.tasks.tell_staff_of_tomorrow", "5 8 * * *"),
)
