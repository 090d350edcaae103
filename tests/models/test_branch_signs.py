"""Signs of a late fusion's branches: which are free, and by what they are fixed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmexplore.models import branch_signs
from mmexplore.recipes.presets import preset


@given(st.integers(0, 1000), st.integers(1, 4), st.integers(1, 3))
def test_a_turned_branch_rises_with_the_label(seed: int, branches: int, tasks: int) -> None:
    rng = np.random.default_rng(seed)
    p, labels = rng.normal(size=(30, branches, tasks)), rng.normal(size=(30, tasks))
    labels[rng.random(labels.shape) < 0.2] = np.nan
    signs = branch_signs.signs(p, labels)
    assert set(signs) <= {1.0, -1.0}
    turned = p * signs[:, None]
    for branch in range(branches):
        known = [np.isfinite(labels[:, t]) for t in range(tasks)]
        rises = [np.corrcoef(turned[k, branch, t], labels[k, t])[0, 1] for t, k in enumerate(known)]
        assert np.mean(rises) >= 0
    np.testing.assert_array_equal(branch_signs.signs(turned, labels), np.ones(branches))
    np.testing.assert_array_equal(branch_signs.signs(-p, labels), -signs)


def test_what_says_nothing_keeps_its_sign() -> None:
    flat = np.ones((5, 2, 1))
    np.testing.assert_array_equal(branch_signs.signs(flat, np.arange(5.0)[:, None]), [1, 1])
    np.testing.assert_array_equal(branch_signs.signs(flat, np.full((5, 1), np.nan)), [1, 1])


def test_only_free_coefficients_leave_a_sign_to_choose() -> None:
    late = preset("mmfrl_late")
    assert branch_signs.are_free(late)
    assert not branch_signs.are_free(late.with_settings(["fusion.options.gates=softmax"]))
    assert not any(branch_signs.are_free(preset(name)) for name in ("mmfrl_intermediate", "dmpnn", "stack", "boosting"))
