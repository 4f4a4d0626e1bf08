"""ON PAPER: the bill as a PDF, rendered in the background from the issued invoice, once.

Is given: issued invoices. Yields: files in the instance's folder, byte for byte the same whenever they are made again.
"""
