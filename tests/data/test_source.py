# SPDX-License-Identifier: BSD-3-Clause
"""Reading tables: every format, every way a file can be wrong."""

import gzip
import hashlib

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from schuss.data import DataError, as_table, read_source
from schuss.data.samples import SAMPLES

PLAIN = {"n": [1, 2, 3], "x": [0.5, None, -2.0], "word": ["a", "b,c", None]}
TEXT = 'n,x,word\n1,0.5,a\n2,?,"b,c"\n3,-2.0,NA\n'


def csv(tmp_path, text, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.replace("\n", "\r\n"),
        "\ufeff" + TEXT,
        TEXT.replace(",", ";").replace("b;c", "b,c"),
        TEXT.replace(",", "\t").replace("b\tc", "b,c"),
        TEXT.removesuffix("\n"),
    ],
    ids=["plain", "crlf", "bom", "semicolon", "tab", "no last newline"],
)
def test_csv_dialects(tmp_path, text):
    assert read_source(csv(tmp_path, text)).table.to_pydict() == PLAIN


@pytest.mark.parametrize(
    ("text", "a"),
    [
        ("a;b\n1,5;x\n-2;y\n,25;z\n", [1.5, -2.0, 0.25]),
        ("a;b\n1.5;x,1\n-2;y\n.25;1,2\n0.5;z\n", [1.5, -2.0, 0.25, 0.5]),
        ("a\tb\n1,5\tx\n", [1.5]),
    ],
    ids=["comma", "point", "tab"],
)
def test_decimals_are_written_as_the_first_rows_write_them(tmp_path, text, a):
    assert read_source(csv(tmp_path, text)).table.column("a").to_pylist() == a


@pytest.mark.parametrize("name", ["t.csv.gz", "misnamed.csv"])
def test_gzip_is_known_by_its_bytes(tmp_path, name):
    source = read_source(csv(tmp_path, gzip.compress(TEXT.encode(), mtime=0), name))
    assert source.table.to_pydict() == PLAIN
    assert source.format == "csv.gz"


def test_line_breaks_inside_quotes(tmp_path):
    source = read_source(csv(tmp_path, 'a,b\n1,"two\nlines"\n2,"a ""quoted"" word"\n'))
    assert source.table.column("b").to_pylist() == ["two\nlines", 'a "quoted" word']


def test_parquet_feather_and_arrow_stream(tmp_path):
    table = pa.table(PLAIN)
    parquet.write_table(table, tmp_path / "t.parquet")
    feather.write_feather(table, tmp_path / "t.feather")
    with pa.ipc.new_stream(tmp_path / "t.arrows", table.schema) as writer:
        writer.write_table(table)
    for name, kind in [("t.parquet", "parquet"), ("t.feather", "arrow"), ("t.arrows", "arrow")]:
        source = read_source(str(tmp_path / name))
        assert (source.table.to_pydict(), source.format) == (PLAIN, kind)


def test_fingerprint_is_the_checksum_of_the_file(tmp_path):
    assert read_source(csv(tmp_path, TEXT)).fingerprint == hashlib.sha256(TEXT.encode()).hexdigest()


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_bundled_tables_know_their_target(name):
    source = read_source(f"sample:{name}")
    assert source.target in source.table.column_names
    assert source.fingerprint == read_source(f"sample:{name}").fingerprint


def test_categories_that_look_like_numbers_can_be_read_as_text(tmp_path):
    source = read_source(csv(tmp_path, "code,x\n01,1\n02,2\n"), text_columns=["code", "absent"])
    assert source.table.column("code").to_pylist() == ["01", "02"]


def test_nameless_columns_get_names_and_names_lose_spaces(tmp_path):
    assert read_source(csv(tmp_path, ", b ,\n1,2,3\n")).table.column_names == ["column_1", "b", "column_3"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a,b\n", "has no rows"),
        ("a,a\n1,2\n", "more than one column named 'a'"),
        ("a,b\n1,2\n3\n", "line 3 has 1 column, the header has 2"),
        ("a,b\n1,2\n3,4,5\n", "line 3 has 3 columns, the header has 2"),
        (b"a,b\n1,\xff\xfe\n", "column 'b' holds text that is not in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "must be text in UTF-8"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-12], "is not a readable CSV file"),
        (b"PAR1 and then nothing", "is broken"),
        (b"ARROW1 and then nothing", "is broken"),
        (b"\xff\xff\xff\xff and then nothing", "is broken"),
    ],
)
def test_broken_files_are_named_in_one_sentence(tmp_path, text, message):
    with pytest.raises(DataError) as caught:
        read_source(csv(tmp_path, text))
    assert message in str(caught.value)
    assert "t.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("tabel.csv", "there is no file .*; did you mean .*table.csv"),
        ("nowhere/table.csv", "there is no file"),
        (".", "is a directory"),
        ("a\0b", "there is no file 'a.b'|is not a usable path"),
        ("x" * 5000, "is not a usable path"),
        ("sample:irsi", "no bundled table 'irsi'; did you mean 'iris'"),
        ("sample:zzzz", "there are 'breast_cancer'"),
    ],
)
def test_wrong_places(tmp_path, monkeypatch, where, message):
    monkeypatch.chdir(tmp_path)
    csv(tmp_path, TEXT, "table.csv")
    with pytest.raises(DataError, match=message):
        read_source(where)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "arrow"])
def test_frames_of_any_library_are_tables(make):
    assert as_table(make({"a": [1, 2], "b": ["x", "y"]})).to_pydict() == {"a": [1, 2], "b": ["x", "y"]}


def test_what_is_no_table_is_refused():
    with pytest.raises(DataError, match="a list is not a table"):
        as_table([1, 2])
