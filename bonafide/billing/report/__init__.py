"""What an accountant asks for: revenue, VAT and receivables of any period, from day to day.

Is given issued documents and the ledger, and changes nothing. Yields sums, and one flat table of them; ``agree`` compares.
"""
