"""The pages of contracts: ordering, withdrawing, cancelling, and what somebody has."""
