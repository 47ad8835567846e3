"""What the pages of docs/ are built with: formulas from docstrings, sources, and sums worked by hand."""
