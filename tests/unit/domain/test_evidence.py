"""What is promised, and where it lies."""

from aftersales.domain.evidence import PromisedFile, case_folder, feedback_folder, find, promised
from tests.builders import BUYER

BOWL = PromisedFile(filename="bowl.jpg", content_type="image/jpeg", size=100)
BOX = PromisedFile(filename="box.png", content_type="image/png", size=200)


def test_files_are_numbered_on_from_those_that_are_there_and_remember_their_promise() -> None:
    evidence = promised([BOWL, BOX], BUYER, after=2)

    assert [one.evidence_id for one in evidence] == ["e3", "e4"]
    assert [one.evidence_id for one in promised([BOWL], BUYER, name="p2.")] == ["p2.1"]
    assert [one.promise for one in evidence] == [BOWL, BOX]
    assert find(evidence, "e4") == evidence[1]
    assert find(evidence, "e1") is None


def test_a_case_and_a_feedback_of_one_id_share_no_file() -> None:
    assert case_folder("1") != feedback_folder("1")
