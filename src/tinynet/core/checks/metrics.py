"""Sentences about metrics."""

from __future__ import annotations
