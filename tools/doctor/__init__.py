"""Training programs with a known fault, healthy ones, and a score for `Learner.diagnose`: `python -m tools.doctor`.

The programs of sections A to G failed for real people, as four papers on the diagnosis of training faults describe
them: DeepLocalize (2021), DeepDiagnosis (2022), DeepFD (2022) and TheDeepChecker (2023). Each is rebuilt here on small
data, with the right diagnosis. Those of section H are our own, in the same spirit. A rate of detection says nothing
without healthy programs, so most have a healthy twin, and there are controls and ordinary healthy runs.
"""
