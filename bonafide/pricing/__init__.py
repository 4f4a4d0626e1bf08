"""WHAT IT COSTS: meters, plans and dated prices; ``rating`` turns a quantity into amounts and is pure.

Is given: price files and exchange rates from staff. Yields: the prices in force in a month, and rated lines.
"""
