"""How often do explanations find the atoms that are known to decide, by recipe and by kind of rule?

    python benchmarks/exam.py [--recipes dmpnn gin mmfrl_late] [--data solubility] [--molecules 20] [--epochs 30]

Rules (a group; two groups together; a group unless another one is there) are planted in molecules of the data set, each
recipe learns each rule from 600 of them, and each explanation is asked for the atoms of molecules that were held back
and that the model calls positive. ``smallest part`` is what the page draws; ``chemprop's search`` the published tree
search (10 walks, fragments read from SMILES, 8 to 20 atoms); ``integrated gradients`` go by atom features; ``a random
part`` has the size of the smallest part. ``lost by deletion`` and ``by replacement`` are means of what the positive
probability loses; replacements are parts of the training molecules without the planted group. Not a time: every
explanation has the same model and molecules, so the rows of a rule are compared with each other.
"""

from typing import Any

from record import Asked, record

from mmexplore import studio
from mmexplore.explore.explain.exam import KINDS


def rows_of(found: studio.Exam) -> list[dict[str, Any]]:
    """Rows of one recipe's exam."""
    return [
        {
            "recipe": found.model,
            "kind": rule.kind,
            "rule": rule.words,
            "ROC-AUC of the model": rule.auroc,
            "explanation": one.explanation,
            "molecules": one.molecules,
            "answered": one.answered,
            "AUROC over atoms": one.auroc,
            "hits": one.hits,
            "exact": one.exact,
            "lost by deletion": one.deletion,
            "lost by replacement": one.replacement,
            "replaced": one.replaced,
        }
        for rule in found.rules
        for one in rule.grades
    ]


def main(recipes: list[str], data: str, molecules: int, epochs: int, rules: int) -> None:
    kinds = KINDS[:rules]
    rows: list[dict[str, Any]] = []
    for recipe in recipes:
        found = studio.exam("", data, recipe, kinds, molecules, epochs)
        print(recipe, studio.trust_in_words(found))
        rows += rows_of(found)
    question = f"How often do explanations find atoms that are known to decide, in molecules of {data}?"
    command = f"python benchmarks/exam.py --recipes {' '.join(recipes)} --data {data}"
    record("exam", question, f"{command} --molecules {molecules} --epochs {epochs} --rules {rules}", rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--recipes", ["dmpnn", "gin", "mmfrl_late"], ["dmpnn"], nargs="+")
    asked.option("--data", "solubility", "freesolv")
    asked.option("--molecules", 20, 3)
    asked.option("--epochs", 30, 1)
    asked.option("--rules", 3, 1)
    return asked


if __name__ == "__main__":
    chosen = command_line().parse_args()
    main(chosen.recipes, chosen.data, chosen.molecules, chosen.epochs, chosen.rules)
