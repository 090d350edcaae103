"""Ready baselines: what a chemist has in seconds, and stacks of them; none is tuned to a data set."""

from collections.abc import Callable
from functools import partial

from mmexplore.recipes.recipe import BaselineConfig, Branch, Member, Recipe, StackConfig

Replicas = Callable[[], tuple[Branch, ...]]
_SHRINK = 2.2  # five replicas have 1,500 numbers, which would outweigh some 210 descriptors


def _counts() -> Branch:
    return Branch(encoder="fingerprint_mlp", name="counts", options={"layers": 0})


def _descriptors() -> Branch:
    return Branch(encoder="descriptor_mlp", name="descriptors", options={"layers": 0})


def _foundation() -> Branch:
    return Branch(encoder="foundation_mlp", name="foundation", options={"layers": 0})


def _ecfp_forest() -> Recipe:
    """A forest of 500 trees on which environments of radius 2 there are."""
    bits = Branch(encoder="fingerprint_mlp", name="ecfp", options={"layers": 0, "counts": False})
    return Recipe(name="ecfp_forest", branches=(bits,), baseline=BaselineConfig(name="forest"))


def _boosting() -> Recipe:
    """LightGBM on fingerprint counts and RDKit's descriptors, with fixed settings."""
    return Recipe(name="boosting", branches=(_counts(), _descriptors()), baseline=BaselineConfig(name="boosting"))


def _ridge(replicas: Replicas) -> Recipe:
    """Ridge on the frozen replicas of MMFRL and RDKit's descriptors."""
    baseline = BaselineConfig(name="ridge")
    return Recipe(name="ridge", branches=(*replicas(), _descriptors()), baseline=baseline)


def _svm() -> Recipe:
    """A support vector machine on RDKit's descriptors."""
    return Recipe(name="svm", branches=(_descriptors(),), baseline=BaselineConfig(name="svm"))


def _svm_replicas(replicas: Replicas) -> Recipe:
    """A support vector machine on the five frozen replicas of MMFRL and RDKit's descriptors."""
    baseline = BaselineConfig(name="svm", options={"shrink": _SHRINK})
    return Recipe(name="svm_replicas", branches=(*replicas(), _descriptors()), baseline=baseline)


def _svm_foundation() -> Recipe:
    """A support vector machine on MiniMol's fingerprint and RDKit's descriptors."""
    return Recipe(name="svm_foundation", branches=(_foundation(), _descriptors()), baseline=BaselineConfig(name="svm"))


def _forest() -> Recipe:
    """A forest of 500 trees on RDKit's descriptors."""
    return Recipe(branches=(_descriptors(),), baseline=BaselineConfig(name="forest"))


def _boosting_foundation() -> Recipe:
    """LightGBM on MiniMol's fingerprint and RDKit's descriptors."""
    return Recipe(branches=(_foundation(), _descriptors()), baseline=BaselineConfig(name="boosting"))


def _svm_mmsa() -> Recipe:
    """A support vector machine on MMSA's frozen encoder of the graph and RDKit's descriptors."""
    encoder = Branch(encoder="gin", name="mmsa", start="mmsa", frozen=True)
    return Recipe(branches=(encoder, _descriptors()), baseline=BaselineConfig(name="svm"))


def _svm_all(replicas: Replicas) -> Recipe:
    """A support vector machine on MiniMol's fingerprint, the frozen replicas of MMFRL and RDKit's descriptors."""
    baseline = BaselineConfig(name="svm", options={"shrink": _SHRINK})
    return Recipe(branches=(_foundation(), *replicas(), _descriptors()), baseline=baseline)


def _stack_of(name: str, shrinkage: float = 0.0, **members: Callable[[], Recipe]) -> Recipe:
    found = {called: make() for called, make in members.items()}
    chosen = tuple(
        Member(name=called, branches=recipe.branches, baseline=recipe.baseline) for called, recipe in found.items()
    )
    return Recipe(name=name, branches=(), stack=StackConfig(members=chosen, shrinkage=shrinkage))


def _stack(replicas: Replicas) -> Recipe:
    """Boosting, MiniMol's fingerprint and MMFRL's replicas, weighed by their predictions of what they had not seen."""
    on_replicas = partial(_svm_replicas, replicas)
    return _stack_of("stack", boosting=_boosting, foundation=_svm_foundation, replicas=on_replicas)


def _stack_without_foundation(replicas: Replicas) -> Recipe:
    """Boosting and MMFRL's replicas, weighed by their predictions of what they had not seen."""
    on_replicas = partial(_svm_replicas, replicas)
    return _stack_of("stack_without_foundation", boosting=_boosting, replicas=on_replicas)


def _all_stack(replicas: Replicas) -> Recipe:
    """Boosting and support vector machines on all that is known, MMSA's encoder and MMFRL's replicas among it."""
    boosted: dict[str, Callable[[], Recipe]] = {"boosting": _boosting, "boosting_foundation": _boosting_foundation}
    on_replicas = partial(_svm_all, replicas)
    return _stack_of("all_stack", 0.5, **boosted, foundation=_svm_foundation, mmsa=_svm_mmsa, replicas=on_replicas)


def _all_stack_without_foundation(replicas: Replicas) -> Recipe:
    """Boosting, a forest, and support vector machines on MMSA's encoder and MMFRL's replicas, without MiniMol."""
    trees: dict[str, Callable[[], Recipe]] = {"boosting": _boosting, "forest": _forest}
    on_replicas = partial(_svm_replicas, replicas)
    return _stack_of("all_stack_without_foundation", 0.5, **trees, mmsa=_svm_mmsa, replicas=on_replicas)


def ready(replicas: Replicas) -> dict[str, Callable[[], Recipe]]:
    """Baselines by name; ``replicas`` gives the frozen branches of a pre-trained model that some of them read."""
    return {
        "ecfp_forest": _ecfp_forest,
        "boosting": _boosting,
        "ridge": partial(_ridge, replicas),
        "svm": _svm,
        "svm_replicas": partial(_svm_replicas, replicas),
        "svm_foundation": _svm_foundation,
        "stack": partial(_stack, replicas),
        "stack_without_foundation": partial(_stack_without_foundation, replicas),
        "all_stack": partial(_all_stack, replicas),
        "all_stack_without_foundation": partial(_all_stack_without_foundation, replicas),
    }
