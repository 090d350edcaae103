"""User errors: what can go wrong because of what a user gave us. Pages and the CLI show exactly these sentences.

    MmexploreError
    |-- BadMolecule      a SMILES, SMARTS or mol block that RDKit cannot read or a modality cannot describe
    |     `-- TooLong    one that could not be worked with before its deadline
    |           `-- Busy one whose turn did not come, as others were worked with
    |-- BadTable         a file or pasted text that holds no usable table of molecules
    |-- BadRecipe        a recipe, split or option that cannot be run
    |-- UnknownName      a name that no family, catalogue or folder knows; says which there are
    |-- NotAvailable     a data set, model or device that exists but is not here now
    |-- BadCheckpoint    a model folder that is damaged or from a foreign version
    |-- Damaged          a kept file that is not what was written
    |-- Taken            a name, a folder or a piece of work that another process has claimed
    `-- Cancelled        a job that the user stopped

Every message says what was wrong, what came and what would do. Anything else that is raised is our
own mistake: the log gets its trace, the page one sentence.
"""

from collections.abc import Iterable

_LONGEST_NAME, _MOST_NAMES = 200, 60  # what a sentence repeats of a name that nothing has, and of those that there are


class MmexploreError(Exception):
    """Base class of user errors: something the user can mend; its text is fit to be shown."""


class BadMolecule(MmexploreError):
    """Raised for a structure that cannot be read or described."""


class TooLong(BadMolecule):
    """Raised for a structure over which chemistry did not end in the time that a visitor's input is given."""


class Busy(TooLong):
    """Raised for a structure whose turn did not come in that time, as others' were worked with."""


class BadTable(MmexploreError):
    """Raised for an upload or paste without a usable table of molecules."""


class BadRecipe(MmexploreError):
    """Raised for a recipe or an option of it that cannot be run."""


class UnknownName(MmexploreError):
    """Raised for a name that nothing here is called by.

    >>> raise UnknownName("encoder", "gim", ["gin", "dmpnn"])
    Traceback (most recent call last):
    mmexplore.runtime.errors.UnknownName: no encoder is called 'gim'; there are: dmpnn, gin
    """

    def __init__(self, kind: str, came: str, known: Iterable[str]) -> None:
        short, names = came if len(came) <= _LONGEST_NAME else f"{came[: _LONGEST_NAME - 3]}...", sorted(known)
        more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
        super().__init__(f"no {kind} is called {short!r}; there are: {', '.join(names[:_MOST_NAMES]) or 'none'}{more}")


class NotAvailable(MmexploreError):
    """Raised for something that exists but is not here: no network, no file, no such device."""


class BadCheckpoint(MmexploreError):
    """Raised for a model folder that is damaged or was written by a foreign version."""


class Damaged(MmexploreError, ValueError):
    """Raised for a kept file that is not what was written.

    Whoever can make it anew treats it as any other content that cannot be read.
    """


class Taken(MmexploreError):
    """Raised for a name, a folder or a piece of work that another process was faster to claim."""


class Cancelled(MmexploreError):
    """Raised inside a job when the user asked it to stop."""
