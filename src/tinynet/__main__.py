"""`python -m tinynet` is the `tinynet` command."""

from tinynet.cli import main

if __name__ == "__main__":
    main()
