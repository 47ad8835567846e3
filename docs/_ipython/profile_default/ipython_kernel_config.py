"""How the pages' kernels are started: quietly, and not as the reader's own IPython is set up."""

c = get_config()  # noqa: F821  (IPython gives it)
c.IPKernelApp.log_level = "ERROR"


def _plain(number, printer, cycle):
    """A single number of NumPy as a number: np.float64(0.5) would tell a learner more than matters."""
    printer.text(str(number))


c.PlainTextFormatter.deferred_printers = {
    ("numpy", name): _plain for name in ("float32", "float64", "int64", "bool", "bool_")
}
