"""WHAT LEAVES: the one door through which the console reaches other machines, and the record of what went to whom.

Given the operator's file, which names the recipients; every connection of the console goes through ``client``, ``guard`` refuses
the others, and ``PassedOn`` says what was passed on, of whom, to whom and when.
"""
