"""Data of a user's own: folders of pictures, tables, texts, and whatever else a Learner is given.

What turns a raw picture, row or text into numbers is fitted to the training part alone. It is an object, a preparation,
which goes with the net: `config()` gives it as plain values, `preparation_of` makes it again.
"""
