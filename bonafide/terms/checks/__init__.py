"""The checks that prove clauses: each looks at the real state of this instance, counts, and says what does not hold.

A check changes nothing: where it has to act (sign in a canary, open somebody's bill as a stranger) it does so in a transaction
that is rolled back. It says nothing personal: what it says is published.
"""
