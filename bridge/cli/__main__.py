"""``python -m bridge.cli``."""

from bridge.cli.commands import main

main()
