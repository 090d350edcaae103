"""Hub of models: a model folder pushed to a repository of Hugging Face's hub, or of one like it, and pulled.

The library ``huggingface_hub`` talks to it, with the token that ``hf auth login`` or HF_TOKEN has given and the address
of HF_ENDPOINT. What comes is the files of a model folder and nothing else, and none of it is run.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mmexplore.runtime.errors import BadRecipe, MmexploreError, NotAvailable

if TYPE_CHECKING:
    from huggingface_hub import HfApi

T = TypeVar("T")
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
MOST_BYTES = 4 * 2**30


def push(folder: Path, repository: str, *, private: bool, message: str) -> str:
    """Push every file of a folder to ``OWNER/NAME``, which is made if it is not there; returns the address of it.

    Raises BadRecipe for a name that is none, NotAvailable where the hub says no.
    """
    checked(repository)
    api = _api()

    def work() -> str:
        api.create_repo(repository, repo_type="model", private=private, exist_ok=True)
        api.upload_folder(repo_id=repository, folder_path=folder, repo_type="model", commit_message=message)
        return f"{api.endpoint}/{repository}"

    return _asked(work, f"{repository} could not be pushed")


def pull(repository: str, revision: str, names: tuple[str, ...], where: Path) -> Path:
    """Pull these files, those of them that a repository has, into a folder.

    Raises BadRecipe for a name that is none, NotAvailable where the hub says no, or they are more than fits.
    """
    checked(repository)
    api = _api()

    def work() -> Path:
        about = api.model_info(repository, revision=revision or None, files_metadata=True)
        held = {one.rfilename: one.size or 0 for one in about.siblings or () if one.rfilename in names}
        size, free = sum(held.values()), shutil.disk_usage(where).free
        if size > min(free, MOST_BYTES):
            words = f"it has {size / 1e6:,.0f} MB, and {min(free, MOST_BYTES) / 1e6:,.0f} MB are free or taken"
            raise NotAvailable(f"{repository} could not be pulled: {words}")
        for name in held:
            api.hf_hub_download(repository, name, revision=about.sha, local_dir=where)
        return where

    return _asked(work, f"{repository} could not be pulled")


def checked(repository: str) -> str:
    """Name of a repository. Raises BadRecipe for another text."""
    if not _REPOSITORY.fullmatch(repository) or ".." in repository:
        raise BadRecipe(f"a repository is named OWNER/NAME, and {repository[:100]!r} came")
    return repository


def _api() -> "HfApi":
    import huggingface_hub

    return huggingface_hub.HfApi(library_name="mmexplore")


def _asked(work: Callable[[], T], failed: str) -> T:
    try:
        return work()
    except MmexploreError:
        raise
    except Exception as error:  # of the library, of what it talks through, of the system
        said = " ".join(str(error).split())[:200]
        raise NotAvailable(
            f"{failed} ({said}); the hub has to be reachable, and `hf auth login` says who asks"
        ) from None
