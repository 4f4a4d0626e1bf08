"""THE BILL AS DATA: an issued invoice as Factur-X 1.09 (EN 16931 in the CII syntax), and what it is held against.

Is given: an issued invoice. Yields: XML, the same bytes every time, and whether it passes our invariants, the schema and the
rules of EN 16931 and of the French reform (CGI art. 289 bis, 289 E; XP Z12-012). Nothing heavy is imported before it is used.
"""
