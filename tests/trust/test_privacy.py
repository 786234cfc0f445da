"""`opqn privacy` says what is kept, and where."""

import json

import pytest

from opqn_app.cli import commands
from opqn_app.core import paths


def test_what_is_kept_is_said_with_its_size(capsys: pytest.CaptureFixture[str]) -> None:
    paths.default_library().write_bytes(bytes(2_000_000))
    assert commands.run(["privacy", "--json"]) == 0
    kept = json.loads(capsys.readouterr().out)["places"]
    by_key = {each["key"]: each for each in kept}
    assert by_key["library"]["bytes"] == 2_000_000
    assert by_key["library"]["has_faces"]
    assert by_key["log"]["paths"][0].startswith(str(paths.log_dir()))
    assert all(each["holds"] and each["why"] for each in kept)
    assert commands.run(["privacy"]) == 0
    assert f"The library: 2.0 MB in {paths.data_dir()}" in capsys.readouterr().out
