"""Engines of a library: what maps the making of a shard over a list of names, here or on a cluster.

``local`` is the pool of processes. ``ray`` sends each shard as a task of its own: no task waits for another, so that no
choice of processors can have them wait for each other, and a worker that is killed costs the shard in hand.

A cluster that this process starts for itself listens on the loopback device alone, has no dashboard, and asks for a
token that is drawn here and written nowhere. Ray reads its environment when it is imported, so that all of it is said
before. A node of Ray's dies where its agents have not written down within fifteen seconds at which ports they listen,
which they do not manage on a busy machine, and whoever started it waits on for a node that is not there. Where ports
are given it waits for no agent; ``ray.init`` has no way to give them, so they are put where it looks for them.

Without its raylet a task of Ray's fails; without the server of its cluster's state (GCS) whoever asked waits a minute
and is then ended by Ray without a word. Both are looked after while shards are waited for.
"""

import json
import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from functools import cache, partial
from typing import Any, Literal

from mmexplore.explore.library import shard
from mmexplore.explore.library.shard import Work
from mmexplore.runtime import places, processes
from mmexplore.runtime.errors import BadRecipe, NotAvailable, UnknownName
from mmexplore.runtime.workers import WORKERS, Died

Name = Literal["local", "ray"]
NAMES: tuple[Name, ...] = ("local", "ray")
Made = Generator[tuple[str, dict[str, Any] | None], None, None]
"""Names of shards with their reports, as they come; None where a process died of one."""
Engine = Callable[[Sequence[str], str, Work, bool], Made]
RECYCLED_AFTER = 50
"""So many shards a process of Ray's makes before another one takes its place."""
_RETRIES = 5
_LOOPBACK = "127.0.0.1"
_LOOK_SECONDS = 0.5
_NEEDED = ("gcs_server", "raylet")
_HEAD_SECONDS = 20.0  # a head may be started again; after sixty Ray ends this process
_AGENTS_MS, _START_SECONDS = 300_000, 120
_PORTS = ("metrics_agent_port", "metrics_export_port", "runtime_env_agent_port", "dashboard_agent_listen_port")


def engine(name: str, workers: int = 0, address: str = "") -> Engine:
    """The engine of a name, over so many processes at once (0: the processors). Raises UnknownName, BadRecipe."""
    if name not in NAMES:
        raise UnknownName("engine", name, NAMES)
    if name == "local":
        if address:
            raise BadRecipe(f"an address is that of a Ray cluster, and engine 'local' came with {address!r}")
        return partial(_local, workers or processes.cores())
    return partial(_on_ray, workers, address)


def _local(workers: int, names: Sequence[str], library: str, work: Work, careful: bool) -> Made:
    settings = {"library": library, "work": work.plain(), "careful": careful}
    function = f"{shard.__name__}:{shard.made.__name__}"
    with closing(WORKERS.ask(function, [[name] for name in names], settings, workers)) as answers:
        for number, (answer,) in answers:
            yield names[number], None if isinstance(answer, Died) else json.loads(answer)


def _on_ray(workers: int, address: str, names: Sequence[str], library: str, work: Work, careful: bool) -> Made:
    with _cluster(address, workers) as ray:
        share = ray.remote(num_cpus=1, max_calls=RECYCLED_AFTER, max_retries=_RETRIES)(shard.made)
        most = 2 * (workers or int(ray.cluster_resources().get("CPU", 1)))
        waiting: dict[Any, str] = {}
        left, look = iter(names), _watch(ray, address)
        try:
            while True:
                look()
                while len(waiting) < most and (name := next(left, None)) is not None:
                    waiting[share.remote([name], library, work.plain(), careful)] = name
                if not waiting:
                    return
                for done in ray.wait(list(waiting), timeout=_LOOK_SECONDS)[0]:
                    yield waiting.pop(done), _answer(ray, done)
                yield "", {}  # a moment to be stopped in
        except NotAvailable:  # there is nobody left to be told
            waiting.clear()
            raise
        finally:
            for one in waiting:
                with suppress(Exception):
                    ray.cancel(one, force=True)


def _answer(ray: Any, done: Any) -> dict[str, Any] | None:
    """Report of a task; None where every process died that tried it.

    Raises RuntimeError with the trace from there, NotAvailable where Ray itself failed.
    """
    try:
        report: dict[str, Any] = json.loads(ray.get(done))
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError, ray.exceptions.NodeDiedError):
        return None
    except ray.exceptions.RayTaskError as error:
        raise RuntimeError(f"{shard.made.__name__} failed in a worker:\n{error}") from None
    except (ray.exceptions.RayError, ConnectionError) as error:
        raise _ended(" ".join(str(error).split())[:200]) from None
    return report


def _watch(ray: Any, address: str) -> Callable[[], None]:
    """What raises NotAvailable once Ray's own processes are gone; a client of ``ray://`` hears of it by itself."""
    host, _, port = ray.get_runtime_context().gcs_address.rpartition(":")
    heard = time.monotonic()

    def look() -> None:
        nonlocal heard
        if not address:
            from ray._private import worker

            if gone := [kind for kind, _ in worker._global_node.dead_processes() if kind in _NEEDED]:
                raise _ended(f"its process {gone[0]} has ended")
        elif not address.startswith("ray://") and time.monotonic() - heard > _LOOK_SECONDS:
            try:
                socket.create_connection((host.strip("[]"), int(port)), timeout=_HEAD_SECONDS / 4).close()
                heard = time.monotonic()
            except OSError as error:
                if time.monotonic() - heard > _HEAD_SECONDS:
                    raise _ended(f"nobody answers at {host}:{port} ({error})") from None

    return look


def _ended(why: str) -> NotAvailable:
    return NotAvailable(f"Ray ended on the way: {why}; shards that are made stay, and the same command goes on")


@cache
def _token() -> str:
    """One for all clusters of this process: Ray's client keeps the first that it has read."""
    return secrets.token_hex(32)


@contextmanager
def _cluster(address: str, workers: int) -> Iterator[Any]:
    """Ray, connected with the cluster at an address, or with one of this process alone that ends with it."""
    if not address and sys.modules.get("ray") and os.environ.get("RAY_AUTH_MODE") != "token":
        raise NotAvailable(
            "engine 'ray' starts a cluster that asks for a token, and Ray was imported before that could be said; "
            "set RAY_AUTH_MODE=token before, or give the address of a cluster"
        )
    settings = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token", "RAY_task_oom_retries": str(_RETRIES)}
    if not address:
        settings |= places.importable() | {
            "OMP_NUM_THREADS": "1",
            "RAY_AUTH_TOKEN": _token(),
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # which is what has it listen on the loopback device
            "RAY_agent_register_timeout_ms": str(_AGENTS_MS),
            "RAY_raylet_start_wait_time_s": str(_START_SECONDS),
            "RAY_gcs_server_port_wait_time_s": str(_START_SECONDS),
        }
    for name, value in settings.items():
        if not address or name not in os.environ:
            os.environ[name] = value
    try:
        import ray
    except ImportError:
        raise NotAvailable("engine 'ray' needs the package ray: pip install 'mmexplore[scale]'") from None
    about: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False, "configure_logging": False}
    about["address"] = address or "local"  # without which one that runs on this machine would be joined
    if not address:
        memory = 256 << 20  # reports are all that goes through it
        about |= {"num_cpus": workers or processes.cores(), "include_dashboard": False, "object_store_memory": memory}
    try:
        with nullcontext() if address else _agents_ports():
            ray.init(**about)
    except Exception as error:  # Ray has a dozen types of its own for a cluster that does not answer
        words = " ".join(str(error).split())[:300]
        raise NotAvailable(
            f"Ray could not be started: {words}" if not address else f"no Ray cluster answers at {address!r}: {words}"
        ) from None
    try:
        yield ray
    finally:
        ray.shutdown()


@contextmanager
def _agents_ports() -> Iterator[None]:
    """Parameters of Ray's with free ports for the agents of a node, while one is started."""
    from ray._private import parameter, services

    usual, start = parameter.RayParams, services.start_ray_process
    with ExitStack() as held:
        free = [held.enter_context(socket.create_server((_LOOPBACK, 0))).getsockname()[1] for _ in _PORTS]
    ports = dict(zip(_PORTS, free, strict=True))

    def started(command: list[str], kind: str, *args: Any, **options: Any) -> Any:
        last = f"--{_PORTS[-1]}={free[-1]}"  # which Ray tells the agent alone
        return start([*command, *([last] if kind == "raylet" else [])], kind, *args, **options)

    parameter.RayParams, services.start_ray_process = lambda **asked: usual(**asked | ports), started
    try:
        yield
    finally:
        parameter.RayParams, services.start_ray_process = usual, start
