"""`make mutants`: the tests are tested. One thing in the arithmetic is changed at a time, and a test must fail."""
