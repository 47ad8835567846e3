"""How the pages' kernels are started: quietly, and not as the reader's own IPython is set up."""

c = get_config()  # noqa: F821  (IPython gives it)
c.IPKernelApp.log_level = "ERROR"
