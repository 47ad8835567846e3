"""Definitions as nested Python loops, one file a family: slow, and easy to believe."""
