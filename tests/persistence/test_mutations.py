# SPDX-License-Identifier: BSD-3-Clause
"""Damaged and hostile model files: each gives a working model or one clear error, whatever was done to it."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from model_files import Parts, raw_mutants, sealed_mutants, textual_mutants
from model_files import dump as dump_json
from saved_models import MODELS

import schuss
from schuss.persistence import Extras, from_bytes, to_bytes

# Loads every file of a directory, uses what was loaded, and says what happened: a line before
# each file, so that a crash can be told to belong to it.
LOADER = textwrap.dedent(
    """
    import faulthandler, json, sys, warnings
    from pathlib import Path
    import numpy as np
    from schuss.persistence import ModelFileError, from_bytes, load_with_extras, to_bytes

    faulthandler.enable()
    warnings.simplefilter("ignore")
    for path in sorted(Path(sys.argv[1]).iterdir()):
        print(path.name, flush=True)
        try:
            model, extras = load_with_extras(path)
        except ModelFileError as error:
            print(json.dumps(["refused", str(error)]), flush=True)
            continue
        dtype = model.coef_.dtype if hasattr(model, "coef_") else np.float64
        X = np.linspace(-1, 1, 3 * model.n_features_in_).reshape(3, -1).astype(dtype)
        assert len(model.predict(X)) == 3
        assert to_bytes(model, extras=extras) == path.read_bytes(), "another file when saved again"
        print(json.dumps(["accepted", repr(model)]), flush=True)
    """
)


@pytest.fixture(scope="module")
def originals():
    extras = Extras("table/1", {"columns": ["a", "b"]}, {"means": np.arange(3.0), "names": np.array(["é", "b"])})
    return {name: to_bytes(make(), extras=extras) for name, make in MODELS.items()}


def _outcomes(directory: Path) -> dict[str, list[str]]:
    """Load all files of a directory in another process."""
    command = [sys.executable, "-c", LOADER, str(directory)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    lines = done.stdout.splitlines()
    last = lines[-1] if lines else "the start"
    assert done.returncode == 0, f"at {last}: {done.stderr[-3000:]}"
    return {name: json.loads(outcome) for name, outcome in zip(lines[::2], lines[1::2], strict=True)}


def _write(directory: Path, mutants) -> dict[str, str]:
    what = {}
    for i, (kind, data) in enumerate(mutants):
        (directory / f"{i:04}").write_bytes(data)
        what[f"{i:04}"] = kind
    return what


def test_originals_are_accepted(originals, tmp_path):
    _write(tmp_path, originals.items())
    assert {outcome for outcome, _ in _outcomes(tmp_path).values()} == {"accepted"}


def test_damaged_files_are_refused(originals, rng, tmp_path):
    """The checksum covers every byte: no damage goes unseen."""
    mutants = [mutant for data in originals.values() for mutant in raw_mutants(data, rng, 20)]
    what = _write(tmp_path, mutants)
    outcomes = _outcomes(tmp_path)
    accepted = [what[name] for name, (outcome, _) in outcomes.items() if outcome == "accepted"]
    assert accepted == []
    assert len(outcomes) == len(mutants)


def test_hostile_files_give_a_working_model_or_an_error(originals, rng, tmp_path):
    """Here the checksum fits: only the checks of the content stand in the way."""
    mutants = [mutant for data in originals.values() for mutant in sealed_mutants(data, rng, 60)]
    _write(tmp_path, mutants)
    outcomes = list(_outcomes(tmp_path).values())
    assert len(outcomes) == len(mutants) >= 300
    kinds = [outcome for outcome, _ in outcomes]
    assert kinds.count("refused") > kinds.count("accepted") > 0  # or the mutants were of one kind only


def test_json_that_parsers_disagree_about_is_refused(originals, tmp_path):
    mutants = [mutant for data in originals.values() for mutant in textual_mutants(data)]
    assert not {data for _, data in mutants} & set(originals.values())
    what = _write(tmp_path, mutants)
    accepted = [what[name] for name, (outcome, _) in _outcomes(tmp_path).items() if outcome == "accepted"]
    assert accepted == []


def test_messages_are_one_sentence_about_the_file(originals, rng, tmp_path):
    data = originals["SGDClassifier"]
    _write(tmp_path, [*raw_mutants(data, rng, 5), *sealed_mutants(data, rng, 40), *textual_mutants(data)])
    for name, (outcome, message) in _outcomes(tmp_path).items():
        if outcome == "refused":
            assert message.startswith(f"cannot load {tmp_path / name}: ")
            assert "\n" not in message
            assert len(message) < 400 + len(str(tmp_path))


@pytest.mark.parametrize("name", MODELS)
def test_reader_and_mutator_agree_on_the_form(originals, name):
    """Sealing an unchanged file gives the file: the mutants above fail for what was changed."""
    assert Parts.of(originals[name]).seal() == originals[name]


def _changed(data: bytes, **changes) -> bytes:
    parts = Parts.of(data)
    parts.document.update(changes)
    return parts.seal()


def test_newer_format_names_the_release_it_needs(originals):
    data = _changed(originals["Ridge"], format=2, requires="0.9.0", estimator="Unheard")
    with pytest.raises(schuss.ModelFileError, match=rf"needs schuss 0\.9\.0 or newer \(this is {schuss.__version__}\)"):
        from_bytes(data)


@pytest.mark.parametrize(
    ("section", "key", "value", "message"),
    [
        ("params", "C", -1.0, "'C' parameter of LogisticRegression"),
        ("params", "Z", 1.0, "no parameter 'Z'"),
        ("state", "coef_", {"numbers": "float32"}, "float64, not float32"),
        ("state", "n_features_in_", 5, "coef_ does not fit"),
        ("state", "n_features_in_", True, "n_features_in_ is not an integer"),
        ("state", "stop_reason_", "bored", "stop_reason_ is not one of"),
        ("state", "extra_", 1, "no attribute 'extra_'"),
        ("params", "n_jobs", 10**9, "asks for 1000000000 threads"),
        ("history", "columns", ["a"], "history"),
        ("extras", "kind", 1, "extras"),
    ],
)
def test_messages_say_what_is_wrong(originals, section, key, value, message):
    parts = Parts.of(originals["LogisticRegression"])
    parts.document[section][key] = value
    with pytest.raises(schuss.ModelFileError, match=message):
        from_bytes(parts.seal())


def test_unknown_estimator_is_not_imported(originals):
    with pytest.raises(schuss.ModelFileError, match=r"'os\.system', which this release does not know"):
        from_bytes(_changed(originals["Ridge"], estimator="os.system"))


def test_what_a_file_says_cannot_write_to_the_terminal(originals, tmp_path):
    """Control characters and very long names come from the file; messages hold neither."""
    parts = Parts.of(originals["Ridge"])
    parts.document["state"]["\x1b[31mred" + "x" * 10_000] = "y"
    path = tmp_path / "model.schuss"
    path.write_bytes(parts.seal())
    with pytest.raises(schuss.ModelFileError) as caught:
        schuss.load(path)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 400 + len(str(path))


def test_header_limits(originals):
    huge = {"columns": ["x" * (17 << 20)], "baseline": {}}
    with pytest.raises(schuss.ModelFileError, match="does not start like one"):
        from_bytes(_changed(originals["Ridge"], history=huge))
    parts = Parts.of(originals["Ridge"])
    empty = {"dtype": "F32", "shape": [0], "data_offsets": [len(parts.body)] * 2}
    parts.table |= {f"a{i}": empty for i in range(5000)}
    with pytest.raises(schuss.ModelFileError, match="more than 4096 arrays"):
        from_bytes(parts.seal())
    assert len(dump_json(huge)) > 16 << 20
