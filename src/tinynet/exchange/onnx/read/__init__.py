"""How a graph of ONNX becomes a net: read the file, turn nodes into layers, simplify, find the structure, name it."""
