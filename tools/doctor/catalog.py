"""All programs, and all healthy runs."""

from __future__ import annotations

from tools.doctor import (
    ours_data,
    ours_more,
    ours_net,
    ours_training,
    section_a1,
    section_a2,
    section_a3,
    section_b,
    section_c,
    section_d,
    section_e,
    section_f,
    section_g,
)
from tools.doctor.controls import CONTROLS
from tools.doctor.healthy import HEALTHY
from tools.doctor.program import Program

__all__ = ["CONTROLS", "HEALTHY", "PROGRAMS"]

PROGRAMS: list[Program] = [
    *section_a1.PROGRAMS,
    *section_a2.PROGRAMS,
    *section_a3.PROGRAMS,
    *section_b.PROGRAMS,
    *section_c.PROGRAMS,
    *section_d.PROGRAMS,
    *section_e.PROGRAMS,
    *section_f.PROGRAMS,
    *section_g.PROGRAMS,
    *ours_data.PROGRAMS,
    *ours_net.PROGRAMS,
    *ours_training.PROGRAMS,
    *ours_more.PROGRAMS,
]
