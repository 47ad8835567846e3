"""All programs, and all healthy runs."""

from __future__ import annotations

from tools.doctor import ours_data, ours_net, ours_training, section_a, section_a2, section_bc, section_d, section_efg
from tools.doctor.controls import CONTROLS
from tools.doctor.healthy import HEALTHY
from tools.doctor.program import Program

__all__ = ["CONTROLS", "HEALTHY", "PROGRAMS"]

SECTIONS = (section_a, section_a2, section_bc, section_d, section_efg, ours_data, ours_net, ours_training)
PROGRAMS: list[Program] = [program for section in SECTIONS for program in section.PROGRAMS]
