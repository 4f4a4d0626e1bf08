"""What becomes of a bill after its issue, besides being paid.

Owns which lines credit notes took back, which bill replaced which, and what was given up as lost: rows that are only added. Is
given issued bills; yields documents in the same series and chain, and the entries of each step.
"""
