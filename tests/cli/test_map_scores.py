"""The scores that the verb ``map`` tells: of all molecules, of each part, and why there are none of a part."""

from mmexplore.cli.maps import _scores
from mmexplore.studio import Quality


def test_scores_of_parts_stand_beside_those_of_all() -> None:
    test, train = Quality("of the test part", dbi=3.0, nmi=0.1, dbi_2d=4.0), Quality("of the train part", dbi=1.0)
    found = _scores(Quality("all", dbi=2.0, nmi_permuted=0.01, test=test, train=train))
    assert (found["dbi"], found["dbi_test"], found["dbi_train"]) == (2.0, 3.0, 1.0)
    assert (found["nmi_test"], found["dbi_2d_test"], found["nmi_permuted"]) == (0.1, 4.0, 0.01)
    assert (found["how_test"], found["how_train"]) == ("of the test part", "of the train part")


def test_without_a_split_there_is_no_score_of_a_part_and_a_reason() -> None:
    found = _scores(Quality("all", dbi=2.0, no_test="ecfp is not trained"))
    assert found["dbi"] == 2.0
    assert found["dbi_test"] is found["nmi_test"] is found["nmi_2d_train"] is None
    assert found["how_test"] == "not computed: ecfp is not trained"
