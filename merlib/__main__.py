"""``python -m merlib`` is the command line, also where its script is not on the path."""

from merlib.cli.main import main

main()
