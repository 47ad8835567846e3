"""The text of examples 15 and 16: Tiny Shakespeare, or with --quick the words of this file."""

import argparse
import os
from pathlib import Path

import tinynet as tn


def options_and_text(description, length, stride=None):
    """The options of the command line, and a text in windows of `length` characters."""
    arguments = argparse.ArgumentParser(description=description)
    arguments.add_argument("--quick", action="store_true", help="a short run of a tiny net on the words of a script")
    options = arguments.parse_args()
    tn.seed(0)
    if options.quick:
        return options, tn.data.text(__file__, length // 8, stride and stride // 8)
    path = Path(os.environ.get("TINYNET_DATA", ".")) / "tinyshakespeare" / "input.txt"
    return options, tn.data.text(path, length, stride)
