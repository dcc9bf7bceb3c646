"""Opening what the operator points at: clear words for everything that is no release."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from etter_core.occupations import onet_files
from etter_core.occupations.onet_files import ReleaseUnreadable, Shape, Tables, open_release

from . import releases

TABLE = Shape("table.csv", {"code": "code", "name": "name"})


def tables_of(folder: Path, content: bytes, name: str = "table.csv") -> Tables:
    (folder / name).write_bytes(content)
    return open_release(folder)


class TestOpenRelease:
    def test_nothing_there(self, tmp_path: Path) -> None:
        with pytest.raises(ReleaseUnreadable, match="neither a folder nor a zip"):
            open_release(tmp_path / "absent")

    def test_a_file_that_is_no_archive(self, tmp_path: Path) -> None:
        (tmp_path / "db.zip").write_bytes(b"PK but no more")
        with pytest.raises(ReleaseUnreadable, match="neither a folder nor a zip"):
            open_release(tmp_path / "db.zip")

    @pytest.mark.parametrize("name", ["../evil.txt", "/etc/evil.txt", "a/../../evil.txt"])
    def test_an_entry_that_leads_out(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ReleaseUnreadable, match="leads out of it"):
            open_release(releases.write_zip(tmp_path / "db.zip", {name: b"x"}))

    def test_too_many_entries(self, tmp_path: Path) -> None:
        many = {f"{n}.txt": b"" for n in range(onet_files.MAX_ARCHIVE_ENTRIES)}
        with pytest.raises(ReleaseUnreadable, match=f"more than {onet_files.MAX_ARCHIVE_ENTRIES}"):
            open_release(releases.write_zip(tmp_path / "db.zip", many))

    def test_an_archive_too_large(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(onet_files, "MAX_ARCHIVE_BYTES", 100)
        with pytest.raises(ReleaseUnreadable, match="unpacks to more than 100 bytes"):
            open_release(releases.write_zip(tmp_path / "db.zip"))

    def test_an_encrypted_archive(self, tmp_path: Path) -> None:
        path = releases.write_zip(tmp_path / "db.zip")
        content = bytearray(path.read_bytes())
        entry = content.find(b"PK\x01\x02")
        content[entry + 8] |= 1  # the flag of the first entry in the directory
        path.write_bytes(content)
        with pytest.raises(ReleaseUnreadable, match="encrypted"):
            open_release(path)


class TestRows:
    def test_columns_go_by_name(self, tmp_path: Path) -> None:
        tables = tables_of(tmp_path, b'more,name,code\n1," a ""b"", c ",x\n')
        assert list(tables.rows(TABLE)) == [{"code": "x", "name": 'a "b", c'}]

    def test_gzip_and_byte_order_mark(self, tmp_path: Path) -> None:
        tables = tables_of(tmp_path, gzip.compress("\ufeffcode,name\nx,Café\n".encode()), "TABLE.csv.GZ")
        assert list(tables.rows(TABLE)) == [{"code": "x", "name": "Café"}]

    def test_quotation_marks_are_characters_in_text_files(self, tmp_path: Path) -> None:
        shape = Shape("table.txt", {"code": "code", "name": "name"}, delimiter="\t", quoted=False)
        tables = tables_of(tmp_path, b'code\tname\nx\t"a" b\ny\t"c\n', "table.txt")
        assert [row["name"] for row in tables.rows(shape)] == ['"a" b', '"c']

    def test_what_is_not_utf_8_is_left_out(self, tmp_path: Path) -> None:
        tables = tables_of(tmp_path, b"code,name\nx,Caf\xe9\ny,ok\n")
        assert [row["code"] for row in tables.rows(TABLE)] == ["y"]
        assert tables.skipped == {"table.csv": 1}

    def test_empty_lines_are_no_rows(self, tmp_path: Path) -> None:
        tables = tables_of(tmp_path, b"code,name\n\nx,a\n\n")
        assert len(list(tables.rows(TABLE))) == 1
        assert not tables.skipped

    @pytest.mark.parametrize("content", [b"", b"code,title\nx,a\n"])
    def test_a_missing_column_is_named(self, tmp_path: Path, content: bytes) -> None:
        with pytest.raises(ReleaseUnreadable, match=r"table\.csv has no column .*name"):
            list(tables_of(tmp_path, content).rows(TABLE))

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ReleaseUnreadable, match=r"table\.csv is missing"):
            list(open_release(tmp_path).rows(TABLE))

    def test_a_damaged_file_is_named(self, tmp_path: Path) -> None:
        whole = gzip.compress(b"code,name\n" + b"x,a\n" * 1000)
        with pytest.raises(ReleaseUnreadable, match=r"table\.csv cannot be read"):
            list(tables_of(tmp_path, whole[: len(whole) // 2], "table.csv.gz").rows(TABLE))

    def test_a_table_too_large(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(onet_files, "MAX_TABLE_BYTES", 1000)
        with pytest.raises(ReleaseUnreadable, match=r"table\.csv is larger than 1000 bytes"):
            list(tables_of(tmp_path, b"code,name\n" + b"x,a\n" * 1000).rows(TABLE))

    def test_a_damaged_archive_entry(self, tmp_path: Path) -> None:
        path = tmp_path / "db.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("table.csv", b"code,name\n" + b"x,a\n" * 100)
        content = path.read_bytes().replace(b"x,a\nx,a\n", b"x,a\ny,a\n", 1)
        path.write_bytes(content)
        with pytest.raises(ReleaseUnreadable, match=r"table\.csv cannot be read"):
            list(open_release(path).rows(TABLE))
