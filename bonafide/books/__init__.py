"""The books as an accountant and a tax inspector ask for them: pages, tables and a signed archive of each year.

Is given what billing, documents and terms (the signing key) hold, and changes nothing but to close months. ``archive/verify.py``
goes into each archive and needs none of the rest.
"""
