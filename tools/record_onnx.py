#!/usr/bin/env python3
"""Export models by both of PyTorch's exporters, so that tests of reading them need no PyTorch.

usage: python tools/record_onnx.py [NAME...]     (needs torch==2.13.0, onnx and onnxscript)

With names, these are recorded again, or for the first time, and the others are kept as they are.

The models are those of onnx_models.py and onnx_more_models.py. The archive holds, for each model and exporter, the
file, an input, PyTorch's output, and its loss after a step.
"""

from __future__ import annotations

import io
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import torch  # noqa: E402

from tools.onnx_models import MODELS  # noqa: E402
from tools.onnx_more_models import MORE_MODELS  # noqa: E402

FILE = ROOT / "tests" / "recordings" / "onnx.zip"
KEPT = ("pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy", "pkg.onnxscript.rewriter.rule_name")
SIGNATURE, FOLDED_FROM = "pkg.torch.export.ExportedProgram.graph_signature", "pkg.onnxscript.optimizer.folded_from"
UNMERGED = ("resnet18", "mobilenet", "unet")  # also exported with batch norm left as it is


def exported(model: torch.nn.Module, x: torch.Tensor, dynamo: bool, optimize: bool = True) -> bytes:
    """The file, without what says where it was written."""
    content = io.BytesIO()
    names: dict[str, Any] = {"input_names": ["x"], "output_names": ["y"], "dynamo": dynamo}
    if dynamo:
        program = torch.onnx.export(model, (x,), dynamic_shapes=({0: "n"},), optimize=optimize, verbose=False, **names)
        proto = program.model_proto
    else:
        torch.onnx.export(model, (x,), content, dynamic_axes={"x": {0: "n"}}, **names)
        proto = onnx.load_model_from_string(content.getvalue())
    for node in [*proto.graph.node, *(node for function in proto.functions for node in function.node)]:
        kept = [entry for entry in node.metadata_props if entry.key in KEPT]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
        node.doc_string = ""
    keep_what_is_learned(proto)
    del proto.metadata_props[:]
    return proto.SerializeToString(deterministic=True)


def keep_what_is_learned(proto: Any) -> None:
    """Leave out all notes but those that tell parameters from buffers; old files have none, as other programs' have."""
    noted = [entry for entry in proto.graph.metadata_props if entry.key == SIGNATURE]
    del proto.graph.metadata_props[:]
    proto.graph.metadata_props.extend(noted)
    values = []
    for value in proto.graph.value_info:
        folded = [entry for entry in value.metadata_props if entry.key == FOLDED_FROM]
        if folded:
            values.append(onnx.ValueInfoProto(name=value.name, metadata_props=folded))
    del proto.graph.value_info[:]
    proto.graph.value_info.extend(values)


def main(names: list[str]) -> None:
    warnings.simplefilter("ignore")
    models = MODELS | MORE_MODELS
    kept: dict[str, bytes] = {}
    if names:
        with zipfile.ZipFile(FILE) as archive:
            kept = {file: archive.read(file) for file in archive.namelist() if file.partition(".")[0] not in names}
    with zipfile.ZipFile(FILE, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in kept.items():
            archive.writestr(file, content)
        for name in names or models:
            build, shape = models[name]
            torch.manual_seed(0)
            model = build()
            for module in model.modules():
                if isinstance(module, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
                    module.running_mean.normal_(0, 0.2)
                    module.running_var.uniform_(0.5, 1.5)
            x = torch.randint(0, 7, (2, 6)) if shape == "tokens" else torch.randn(2, *shape)
            model.eval()
            files = {
                f"{name}.torchscript": exported(model, x, dynamo=False),
                f"{name}.dynamo": exported(model, x, True),
            }
            if name in UNMERGED:
                files[f"{name}.unmerged"] = exported(model, x, True, optimize=False)
            for file, written in files.items():
                archive.writestr(f"{file}.onnx", written)
            values = io.BytesIO()
            np.savez_compressed(values, x=x.numpy(), y=model(x).detach().numpy(), losses=losses(model, x))
            archive.writestr(f"{name}.npz", values.getvalue())
            print(name, *[len(written) for written in files.values()], flush=True)
    print(f"PyTorch {torch.__version__}, {FILE.stat().st_size / 1e6:.2f} MB: {FILE}")


def losses(model: torch.nn.Module, x: torch.Tensor) -> np.ndarray:
    """The mean square of the output before and after one step of SGD with the rate 0.1, in evaluation mode."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    first = (model(x) ** 2).mean()
    first.backward()
    optimizer.step()
    return np.array([first.item(), (model(x) ** 2).mean().item()])


if __name__ == "__main__":
    main(sys.argv[1:])
