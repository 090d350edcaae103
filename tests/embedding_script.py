"""A process that is killed while it embeds: ``python embedding_script.py MODEL SHARD MOLECULES``."""

import os
import signal
import sys
from pathlib import Path

from toy_models import a_dataset

from mmexplore.models.embed import embed
from mmexplore.runtime.home import default_home


def report(stage: str, done: int, total: int, /, **_: float) -> None:
    """kill -9 in the moment when so many are told to be done."""
    if stage == "embed" and done >= int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    embed(Path(sys.argv[1]), a_dataset(), report, int(sys.argv[2]), home=default_home())
