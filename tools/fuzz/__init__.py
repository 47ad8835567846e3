"""Damaged files for every reader of Tinynet: each must give a right load, or a sentence that names the file."""
