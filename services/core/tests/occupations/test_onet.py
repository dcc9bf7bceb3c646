"""Reading a release: what becomes of its rows, and what is said of those that cannot be used."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from etter_core.occupations import onet
from etter_core.occupations.onet_files import ReleaseUnreadable
from etter_core.occupations.reference import Reference, ReferenceSkill

from . import releases
from .releases import FIRST, SECOND


def read(path: Path) -> onet.Release:
    return onet.read_release(path, lambda _step: None)


def occupation(release: onet.Release, code: str) -> Reference:
    return next(reference for reference in release.references if reference.code == code)


def ratings(task: str, importance: str, relevance: str, daily: str) -> list[list[str]]:
    """Rows of the published ratings: `daily` percent of the people do it daily, the others yearly."""
    rest = str(100 - float(daily))
    scales = (("IM", "n/a", importance), ("RT", "n/a", relevance), ("FT", "5", daily), ("FT", "1", rest))
    return [[FIRST, task, scale, category, value] for scale, category, value in scales]


class TestReadRelease:
    def test_text_files_become_occupations(self, tmp_path: Path) -> None:
        release = read(releases.write(tmp_path / "db"))
        first = occupation(release, FIRST)
        assert [reference.code for reference in release.references] == [FIRST, SECOND]
        assert (first.title, first.job_zone) == ("Dough Keepers", 2)
        assert first.description == 'Keep dough, called "the mother", alive.'
        assert first.titles == ("Sourdough Keeper", "Chief Dough Officer", "CDO")
        assert first.skills == (ReferenceSkill("Patience", 0.75),)
        assert occupation(release, SECOND).titles == ("JC", "Jar Clerk")
        assert occupation(release, SECOND).job_zone is None

    def test_a_zip_and_its_folder_give_the_same(self, tmp_path: Path) -> None:
        folder, archive = releases.write(tmp_path / "db"), releases.write_zip(tmp_path / "db.zip")
        assert read(folder) == read(archive)
        assert read(tmp_path / "db").content_hash == read(folder).content_hash

    def test_the_folder_may_hold_the_release_in_a_folder(self, tmp_path: Path) -> None:
        releases.write(tmp_path / "outer" / "db_99_9_text")
        assert len(read(tmp_path / "outer").references) == 2

    def test_a_changed_word_changes_the_hash(self, tmp_path: Path) -> None:
        one = read(releases.write(tmp_path / "a"))
        other = read(
            releases.write(tmp_path / "b", releases.plus("Alternate Titles.txt", [FIRST, "Baker", "n/a", "1"]))
        )
        assert one.content_hash != other.content_hash

    def test_steps_are_told(self, tmp_path: Path) -> None:
        steps: list[str] = []
        onet.read_release(releases.write(tmp_path / "db"), steps.append)
        assert len(steps) >= 2

    @pytest.mark.parametrize(
        "name",
        ["Occupation Data.txt", "Task Statements.txt", "Skills.txt", "Job Zones.txt", "Alternate Titles.txt"],
    )
    def test_a_missing_table_is_named(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ReleaseUnreadable, match=name):
            read(releases.write(tmp_path / "db", {name: None}))

    def test_ratings_may_be_missing(self, tmp_path: Path) -> None:
        assert read(releases.write(tmp_path / "db", {"Task Ratings.txt": None})).references

    def test_nothing_usable_is_an_error(self, tmp_path: Path) -> None:
        header = releases.TABLES["Occupation Data.txt"][0]
        with pytest.raises(ReleaseUnreadable, match="no usable row"):
            read(releases.write(tmp_path / "db", {"Occupation Data.txt": [header, ["?", "A", "b"]]}))

    @pytest.mark.parametrize(
        ("table", "row"),
        [
            ("Occupation Data.txt", ["991003", "No code", "x"]),
            ("Occupation Data.txt", ["99-1003.00", "", "No title"]),
            ("Occupation Data.txt", [FIRST, "Twice", "x"]),
            ("Occupation Data.txt", ["99-1003.00", "Too few columns"]),
            ("Occupation Data.txt", ["99-1003.00", "Nul \0 inside", "x"]),
            ("Task Statements.txt", [FIRST, "x", "No number", "Core", "", "", ""]),
            ("Task Statements.txt", [FIRST, "9", "", "Core", "", "", ""]),
            ("Task Statements.txt", [FIRST, "1", "Seen before", "Core", "", "", ""]),
            ("Task Ratings.txt", [FIRST, "1", "IM", "n/a", "much"]),
            ("Task Ratings.txt", [FIRST, "1", "IM", "n/a", "nan"]),
            ("Task Ratings.txt", [FIRST, "1", "RT", "n/a", "101"]),
            ("Task Ratings.txt", [FIRST, "1", "FT", "8", "50"]),
            ("Skills.txt", [FIRST, "2.C", "Haste", "IM", "5.01"]),
            ("Skills.txt", [FIRST, "2.C", "", "IM", "4"]),
            ("Alternate Titles.txt", [FIRST, "", "n/a", "01"]),
            ("Alternate Titles.txt", [FIRST, "x" * 201, "n/a", "01"]),
        ],
    )
    def test_a_malformed_row_is_left_out_and_counted(self, tmp_path: Path, table: str, row: list[str]) -> None:
        whole = read(releases.write(tmp_path / "whole"))
        release = read(releases.write(tmp_path / "db", releases.plus(table, row)))
        assert f"{table}: 1 rows left out as malformed" in release.notes
        assert release.references == whole.references

    def test_tasks_of_unknown_occupations_are_ignored(self, tmp_path: Path) -> None:
        extra = releases.plus("Task Statements.txt", ["99-9999.00", "7", "Do it", "Core", "", "", ""])
        assert len(read(releases.write(tmp_path / "db", extra)).references) == 2


class TestTasks:
    def test_a_core_task_counts_twice_where_ratings_are_incomplete(self, tmp_path: Path) -> None:
        extra = releases.plus("Task Ratings.txt", *ratings("1", "5", "100", "100"))
        first = occupation(read(releases.write(tmp_path / "db", extra)), FIRST)
        assert [task.time_share for task in first.tasks] == pytest.approx([2 / 3, 1 / 3])

    def test_ratings_weigh_tasks_where_all_are_rated(self, tmp_path: Path) -> None:
        rows = ratings("1", "4", "50", "100") + ratings("2", "2", "100", "50")
        first = occupation(read(releases.write(tmp_path / "db", releases.plus("Task Ratings.txt", *rows))), FIRST)
        weights = [4 * 50 * 1.0, 2 * 100 * (0.5 + 0.5 / 260)]
        assert [task.time_share for task in first.tasks] == pytest.approx([w / sum(weights) for w in weights])

    def test_without_a_published_label_the_classifier_decides(self, tmp_path: Path) -> None:
        first = occupation(read(releases.write(tmp_path / "db")), FIRST)
        assert [(task.exposure, task.label_source) for task in first.tasks] == [
            ("E0", "classifier"),
            ("E1", "classifier"),
        ]

    @pytest.mark.parametrize("place", ["db", ".", "ai"])
    def test_published_labels_beside_the_release_count(self, tmp_path: Path, place: str) -> None:
        rows = [["onet_soc", "task_id", "gpt4_exposure"], [FIRST, "1", "E2"], [FIRST, "2", "E9"], [SECOND, "1", "E0"]]
        path = releases.write(tmp_path / "db")
        (tmp_path / place).mkdir(exist_ok=True)
        (tmp_path / place / "task_exposure_labels.tsv.gz").write_bytes(gzip.compress(releases.text_of(rows)))
        release = read(path)
        first = occupation(release, FIRST)
        assert [task.exposure for task in first.tasks] == ["E2", "E1"]
        assert [task.label_source for task in first.tasks] == ["Eloundou et al. 2024 (GPT-4)", "classifier"]
        assert "task_exposure_labels.tsv: 1 rows left out as malformed" in release.notes


class TestWages:
    def test_the_newest_survey_counts(self, tmp_path: Path) -> None:
        path = releases.write(tmp_path / "db")
        (tmp_path / "wages").mkdir()
        for year, median in (("2024", "1000"), ("2025", "43210")):
            table = f"soc,occ_level,a_median\n99-1001,3,{median}\n99-1002,3,-\n"
            (tmp_path / "wages" / f"oews_national_may{year}.csv").write_text(table)
        release = read(path)
        first, second = occupation(release, FIRST), occupation(release, SECOND)
        assert (first.median_wage, first.wage_source) == (43210, "BLS OEWS May 2025")
        assert (second.median_wage, second.wage_source) == (None, None)

    def test_the_raw_table_and_a_combined_code(self, tmp_path: Path) -> None:
        path = releases.write(tmp_path / "db")
        raw = (
            '\ufeffOCC_CODE,O_GROUP,A_MEDIAN\n99-1001,detailed,"143,210"\n99-1000,broad,"40,000"\n99-1003,detailed,x\n'
        )
        (path / "oews_national_may2021_raw.csv").write_text(raw, encoding="utf-8")
        (path / "onet_to_nem_crosswalk.csv").write_text(f"onet_soc,nem_code\n{SECOND},99-1000\n")
        release = read(path)
        assert [reference.median_wage for reference in release.references] == [143_210, 40_000]
        assert "oews_national_may2021_raw.csv: 1 rows left out as malformed" in release.notes


class TestRealRelease:
    def test_a_full_release_is_read_whole(self, shared_data: Path) -> None:
        release = read(shared_data / "data/onet")
        tasks = [task for reference in release.references for task in reference.tasks]
        assert (len(release.references), len(tasks)) == (1016, 18_796)
        assert sum(task.label_source != "classifier" for task in tasks) == 15_490
        assert sum(reference.median_wage is not None for reference in release.references) == 990
        assert not [note for note in release.notes if "malformed" in note]
        for reference in release.references:
            if reference.tasks:
                assert sum(task.time_share for task in reference.tasks) == pytest.approx(1, abs=1e-9)
