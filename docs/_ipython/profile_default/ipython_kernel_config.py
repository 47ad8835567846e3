"""How the pages' kernels are started: quietly, and not as the reader's own IPython is set up."""

c = get_config()  # noqa: F821  (IPython gives it)
c.IPKernelApp.log_level = "ERROR"

# A single number of NumPy is shown as a number: np.float64(0.5) would tell a learner more than matters.
SHOW = "get_ipython().display_formatter.formatters['text/plain'].for_type_by_name"
PLAIN = "lambda number, printer, cycle: printer.text(str(number))"
NUMBERS = ("float32", "float64", "int64", "bool")
c.IPKernelApp.exec_lines = [f"{SHOW}('numpy', '{name}', {PLAIN})" for name in NUMBERS]
