"""Money in: what customers paid, by whichever way, found its bill.

Is given issued bills and what banks and providers say. Yields settlements of bills; billing knows no bank and no provider.
"""
