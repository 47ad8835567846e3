"""Trainings that are killed at random moments, resumed, and compared with one that nobody disturbed."""
