"""MONEY IN: what customers paid, by whichever way, found its bill.

Is given issued bills and what banks and providers say. Yields receipts (each movement of money once), settlements of bills, and
what happens when none comes; billing knows no bank and no provider.
"""
