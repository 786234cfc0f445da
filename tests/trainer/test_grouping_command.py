"""`opqn evaluate --protocol grouping`: figures of groups, as JSON and as a table."""

import json
from pathlib import Path

import pytest

from opqn_app.core.errors import ModelIncompatible
from opqn_app.opqn.links import Links
from opqn_app.opqn.model_folder import find_model, model_files, store_links
from tests.tiny_checkpoint import make_tiny_checkpoint
from tests.trainer.evaluation_people import write_people
from tests.trainer.test_evaluate_command import command

pytestmark = pytest.mark.slow

LINKS = Links(-6.0, 4.0, 4.0, 4.0, -0.5, 0.5, 0.2)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny")
    store_links(folder, LINKS)
    return folder


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_people(tmp_path_factory.mktemp("faces") / "people", [6, 6, 5, 1])


def test_groups_are_measured_beside_other_ways(
    model: Path, people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = (people, "--model", model, "--aligned", "--protocol", "grouping")
    assert command(*asked, "--json") == 0
    values = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert values.keys() >= {"bcubed_f", "wrong_groups", "wrong_faces", "clicks", "pair_precision"}
    assert values["data"]["pictures"] == 18
    labels = [result["label"].strip().split(" at ")[0] for result in values["results"]]
    assert labels == ["tiny, groups", "tiny, parts", "DBSCAN", "Chinese whispers"]
    groups, parts, *others = values["results"]
    assert values["bcubed_f"] == groups["bcubed_f"]
    assert parts["bcubed_precision"] >= groups["bcubed_precision"]
    assert all(0 < other["bcubed_f"] <= 1 for other in others)
    assert command(*asked) == 0
    table = capsys.readouterr().out
    assert table.splitlines()[1].startswith("tiny, groups")
    assert "People: 4." in table


def test_links_stay_with_the_model_and_change_no_id(model: Path) -> None:
    found = model_files(model)
    assert found.links == LINKS
    store_links(model, LINKS)
    assert model_files(model).model_id == found.model_id


def test_a_model_without_links_is_one_sentence(people: Path, tmp_path: Path) -> None:
    plain = make_tiny_checkpoint(tmp_path / "plain")
    with pytest.raises(ModelIncompatible, match="it has no links, by which faces are grouped"):
        command(people, "--model", plain, "--aligned", "--protocol", "grouping")


@pytest.mark.parametrize("name", ["bundled-64", "bundled-128", "bundled-256"])
def test_bundled_models_have_links(name: str) -> None:
    assert model_files(find_model(name)).links is not None
