"""The `her2predict` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .. import __version__, threads
from ..errors import InputError
from . import batch, inputs, models, predict, readers

EXIT_MENDABLE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: 0, or 2 where the user can mend what is wrong (one line on standard error says what)."""
    options = _parser().parse_args(arguments)
    threads.pin_this_process()
    try:
        options.run(options)
    except InputError as error:
        print(f"her2predict: {error}", file=sys.stderr)
        return EXIT_MENDABLE
    except KeyboardInterrupt:
        print("her2predict: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 141
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="her2predict",
        description="Predict the HER2 status of a bladder tumour from an excretory-phase CT urography. Research use.",
    )
    parser.add_argument("--version", action="version", version=f"her2predict {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for room in (predict, batch, readers, inputs, models):
        room.add(commands)
    return parser
