"""A process that embeds slowly, to be killed: ``python embedding_script.py MODEL SHARD``."""

import sys
import time
from pathlib import Path

from toy_models import a_dataset

from mmexplore.models.embed import embed


def report(stage: str, done: int, total: int, /, **_: float) -> None:
    """Say where we are, then give the parent time to kill us."""
    print(stage, done, total, flush=True)
    if stage == "embed" and done:
        time.sleep(1)


if __name__ == "__main__":
    embed(Path(sys.argv[1]), a_dataset(), report, int(sys.argv[2]))
