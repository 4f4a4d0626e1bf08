"""CHARGED BY ITSELF: bills of accounts that chose automatic payment, when they are due.

Is given consents and open bills. Yields attempts, each written before Stripe is asked, and letters about
those that were declined.
"""
