"""Payment by Stripe, on Stripe's pages: the only package that imports its SDK.

Is given bills to be paid, and what Stripe says. Yields receipts, returns and saved methods. An attempt is written down before
Stripe is asked, and its key makes asking again harmless; what Stripe tells by itself (``hooks``) is a hint to look.
"""
