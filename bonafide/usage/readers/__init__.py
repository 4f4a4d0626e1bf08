"""Readers of usage files: one module per format, each with the same shape.

``NAME``, ``RULES`` (:class:`bonafide.usage.drafts.Rules`), ``read(*, stream, name) -> Iterator[Draft | Rejection]`` and
``RejectsWriter``, which writes refused rows back in the same format. Reading is by pieces, in memory that does not grow with
the file; only a file that is not of its format at all raises.
"""
