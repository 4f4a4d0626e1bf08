"""HELP: what customers read to get something done, step by step; it says what this operator's configuration does.

Is given the operator's file. Yields pages that anybody may read, with examples drawn by the very parts that the console shows.
"""
