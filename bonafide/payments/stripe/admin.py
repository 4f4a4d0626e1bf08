"""What staff see of payment by Stripe; each part registers itself."""

from bonafide.payments.stripe.dispute_admin import DisputeAdmin as DisputeAdmin
from bonafide.payments.stripe.refund_admin import RefundAdmin as RefundAdmin
