"""ON PAPER AND AS DATA: the bill as a PDF with its e-invoice inside, made in the background from the issued invoice, once.

Is given: issued invoices. Yields: files in the instance's folder, byte for byte the same whenever they are made again.
"""
