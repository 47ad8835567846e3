"""Definitions as nested Python loops, to be read beside the formulas of the lessons."""
