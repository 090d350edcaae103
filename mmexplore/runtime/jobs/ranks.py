"""Ranks of a job: processes that do it together, started by torchrun, by SLURM, or by this program itself.

Number 0 is the one that reports and writes. Those that this program starts end with it.
"""

import multiprocessing
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mmexplore.runtime.errors import BadRecipe, MmexploreError, NotAvailable

_END_SECONDS = 10.0


@dataclass(frozen=True)
class Rank:
    """Rank of a process: its number among ``count``, on its node ``local`` of ``per_node``, and where all meet."""

    number: int
    count: int
    local: int
    per_node: int
    host: str = "127.0.0.1"
    port: int = 0

    @property
    def environment(self) -> dict[str, str]:
        """The rank as torchrun tells it, with the number of its node."""
        told = {"RANK": self.number, "WORLD_SIZE": self.count, "LOCAL_RANK": self.local, "MASTER_PORT": self.port}
        node = {"NODE_RANK": self.number // self.per_node, "MASTER_ADDR": self.host}
        return {name: str(value) for name, value in (told | node).items()}


def told(per_node: int, nodes: int, environment: Mapping[str, str] = os.environ) -> Rank | None:
    """Rank that torchrun or srun gave this process; None where nobody did, and where one process is all there is.

    Raises BadRecipe where so many were not asked for.

    >>> told(2, 1, {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "MASTER_ADDR": "a", "MASTER_PORT": "7"})
    Rank(number=1, count=2, local=1, per_node=2, host='a', port=7)
    """
    count = per_node * nodes
    if count == 1:
        return None
    number, found, local = (environment.get(name, "") for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    who, host, port = "torchrun", environment.get("MASTER_ADDR", ""), environment.get("MASTER_PORT", "")
    if not found and int(environment.get("SLURM_STEP_NUM_TASKS", "1")) > 1:
        number, local = environment["SLURM_PROCID"], environment["SLURM_LOCALID"]
        who, found = "SLURM", environment["SLURM_STEP_NUM_TASKS"]
        host, port = host or _first_node(environment), port or str(15_000 + int(environment["SLURM_JOB_ID"]) % 1000)
    if found and int(found) != count:
        raise BadRecipe(
            f"{who} started {found} processes, and {per_node} device(s) on {nodes} node(s) were asked for: "
            "--devices times --nodes is how many there are"
        )
    if found:
        return Rank(int(number), count, int(local), per_node, host, int(port))
    if nodes > 1:
        raise BadRecipe(f"--nodes {nodes} takes torchrun or srun, which start a process a device on every node")
    return None


def _first_node(environment: Mapping[str, str]) -> str:
    from lightning.fabric.plugins.environments import SLURMEnvironment

    return str(SLURMEnvironment.resolve_root_node_address(environment.get("SLURM_NODELIST", "127.0.0.1")))


@contextmanager
def started(count: int, work: Callable[..., object], *arguments: Any) -> Iterator[Rank]:
    """Rank 0 of so many processes of this machine: others call ``work`` with their ranks and the arguments.

    Those end with the block. Raises NotAvailable where the block fails as one of them ended.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    fresh = multiprocessing.get_context("spawn")
    every = [Rank(number, count, number, count, port=port) for number in range(count)]
    others = [fresh.Process(target=work, args=(rank, *arguments), daemon=True) for rank in every[1:]]
    for process in others:
        process.start()
    try:
        yield every[0]
        for process in others:
            process.join(_END_SECONDS)
    except MmexploreError:
        raise
    except Exception as error:
        ended = {n: process.exitcode for n, process in enumerate(others, 1) if not process.is_alive()}
        if not ended:
            raise
        words = ", ".join(f"process {n} of {count} ended with code {code}" for n, code in ended.items())
        raise NotAvailable(f"{words}; started again the work goes on where it was") from error
    finally:
        for process in others:
            if process.is_alive():
                process.kill()
            process.join()
