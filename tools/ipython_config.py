"""Settings for every kernel of .venv, which the Makefile copies to where IPython reads them: .venv/etc/ipython/."""

c = get_config()  # noqa: F821
c.InteractiveShellApp.extensions = ["segkit.hints"]
