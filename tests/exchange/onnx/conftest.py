"""What the tests of ONNX share; they skip where its packages are not installed."""

import pytest

pytest.importorskip("onnx")
