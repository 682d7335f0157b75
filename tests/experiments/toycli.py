"""The command line with the toy experiment registered: run as ``python toycli.py ARGUMENTS``."""

from experiments import registry
from experiments.cli import main

registry.register("toy", "toy", "a line fitted by gradient descent")

if __name__ == "__main__":
    main()
