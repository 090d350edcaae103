"""Model card for people: the README.md of a model folder, with the YAML head by which a hub finds and shows it.

The form is that of Hugging Face's model cards (Mitchell et al. 2019, doi:10.1145/3287560.3287596, "model-index" for the
scores). Nothing here is read back: what the program reads is ``card.json``.
"""

import re
from typing import TYPE_CHECKING, Any

import yaml

from mmexplore.models import calibration
from mmexplore.runtime.home import as_json

if TYPE_CHECKING:
    from mmexplore.models.checkpoints import Card
    from mmexplore.recipes.recipe import Recipe

README = "README.md"
_SIGNS = re.compile(r"([\\`*_{}\[\]|#~$])")
_MOST_TASKS = 60


def text(recipe: "Recipe", card: "Card") -> str:
    """Text of a model's README.md; the same model has the same."""
    head = yaml.safe_dump(as_json(_head(recipe, card)), sort_keys=False, allow_unicode=True, width=1_000)
    return f"---\n{head}---\n\n" + "\n\n".join(filter(None, _body(recipe, card))) + "\n"


def _head(recipe: "Recipe", card: "Card") -> dict[str, Any]:
    tags = ["chemistry", "molecules", *(branch.encoder for branch in recipe.every_branch), *_joined(recipe)]
    head: dict[str, Any] = {"library_name": "mmexplore", "pipeline_tag": "graph-ml", "tags": list(dict.fromkeys(tags))}
    results = [
        {
            "task": {"type": f"tabular-{task.kind}", "name": task.name},
            "dataset": {"name": card.data.name, "type": card.data.name, "split": part},
            "metrics": [{"type": name, "value": value} for name, value in card.per_task[part][task.name].items()],
        }
        for part in card.per_task
        for task in card.data.tasks
        if card.per_task[part].get(task.name)
    ]
    if results and card.data.name:
        head["model-index"] = [{"name": card.name or recipe.name, "results": results}]
    return head


def _body(recipe: "Recipe", card: "Card") -> list[str]:
    title = plain(card.name or recipe.name)
    branches = ", ".join(dict.fromkeys(plain(branch.encoder) for branch in recipe.every_branch))
    joined = "".join(f"; {word}" for word in _joined(recipe))
    parts = [f"# {title}", f"A model of molecules, made with mmexplore: {branches}{joined}."]
    if card.data.name:
        parts.append(_trained(card))
    parts += [_tasks(card), _scores(card), _covered(card)]
    parts += ["## Notes\n\n" + "\n".join(f"- {plain(note)}" for note in card.notes)] if card.notes else []
    parts += [_USE, _LIMITS, _provenance(card)]
    return parts


def _joined(recipe: "Recipe") -> list[str]:
    """What makes a model of its branches."""
    kinds = {"stack": recipe.stacks, recipe.baseline.name: bool(recipe.baseline.name)}
    kinds |= {f"{recipe.fusion.name}-fusion": recipe.predicts_by_fusion and len(recipe.branches) > 1}
    kinds |= {"pretraining": recipe.pretrains}
    return [name for name, is_one in kinds.items() if is_one]


def _trained(card: "Card") -> str:
    split, sizes = card.split, " / ".join(f"{n:,}" for n in card.split.sizes)
    options = f", {plain(split.options)}" if split.options else ""
    words = (
        f"Trained on {plain(card.data.name)} ({card.data.rows:,} molecules, digest `{plain(card.data.digest[:16])}`), "
    )
    words += (
        f"split by {plain(split.rule)}{options} with seed {split.seed} into {sizes} molecules (training / validation "
    )
    words += f"/ test). Seed of the weights: {card.seed}; {card.epochs_run} epochs, the best one is {card.best_epoch}."
    return words + (f" {split.nearest.words.capitalize()}." if split.nearest else "")


def _tasks(card: "Card") -> str:
    if not card.data.tasks:
        return "It was trained without labels: it embeds molecules and predicts nothing."
    rows = [f"| {plain(t.name)} | {t.kind} | {plain(t.unit)} |" for t in card.data.tasks[:_MOST_TASKS]]
    more = len(card.data.tasks) - _MOST_TASKS
    rest = f"\n\nand {more:,} more, which `card.json` has." if more > 0 else ""
    return "## Labels\n\n| label | kind | unit |\n|---|---|---|\n" + "\n".join(rows) + rest


def _scores(card: "Card") -> str:
    names = list(dict.fromkeys(name for scores in card.metrics.values() for name in scores if name != "tasks"))
    if not names:
        return ""
    rows = [
        f"| {part} | " + " | ".join(f"{scores[name]:.4g}" if name in scores else "" for name in names) + " |"
        for part, scores in card.metrics.items()
    ]
    head = f"| part | {' | '.join(names)} |\n|---|{'---|' * len(names)}\n"
    return f"## Scores\n\n{head}" + "\n".join(rows) + "\n\nMeans over the labels; each label's stand in the head."


def _covered(card: "Card") -> str:
    words = calibration.in_words(card.coverage)
    return f"Intervals: {plain(words)}." if words else ""


_USE = """## Use

```
pip install mmexplore
mmexplore models pull OWNER/NAME        # from a hub; or: mmexplore models import FOLDER
mmexplore predict --model MODEL --data molecules.csv --out predictions.csv
```"""
_LIMITS = """## Limits

Scores hold for molecules as those of the test part. `predict` says of each molecule how near its nearest training
molecule is and whether it is in the model's domain. The folder holds numbers and JSON alone (`weights.safetensors`,
`recipe.json`, `card.json`): nothing of it is run."""


def _provenance(card: "Card") -> str:
    versions = ", ".join(f"{plain(name)} {plain(v)}" for name, v in card.versions.items())
    about = [f"{card.parameters:,} parameters", card.created and f"made {plain(card.created)}"]
    about += [card.commit and f"commit `{plain(card.commit[:40])}`", versions]
    return "## Made\n\n" + "; ".join(filter(None, about)) + "."


def plain(words: str) -> str:
    """Words as Markdown shows them: one line, and no sign of it means more than itself.

    >>> plain("a *b* <i>|c")
    'a \\\\*b\\\\* &lt;i&gt;\\\\|c'
    """
    line = " ".join(words.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SIGNS.sub(r"\\\1", line)
