"""Definitions as nested Python loops, one file for each family: slow, and easy to check by eye."""
