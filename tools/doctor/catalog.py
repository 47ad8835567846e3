"""All programs, and all healthy runs."""

from __future__ import annotations

from tools.doctor import more_questions, questions
from tools.doctor.program import Build, Program

PROGRAMS: list[Program] = [*questions.PROGRAMS, *more_questions.PROGRAMS]
CONTROLS: dict[str, Build] = {}
HEALTHY: dict[str, Build] = {}
