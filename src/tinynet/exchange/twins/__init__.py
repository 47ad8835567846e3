"""In PyTorch's words, the layers that PyTorch does not have, or has with other axes.

`export_pytorch` copies what a net needs from here into the file that it writes. So each class speaks of PyTorch alone,
has the parameters of its layer under the same names, and keeps the arguments of the layer as attributes. Its modules
need PyTorch, so nothing is imported here.
"""
