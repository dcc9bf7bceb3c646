"""Tables of people in the shapes and words that people send, each with the roles that a person reads off it."""

# ruff: noqa: E501 - a table is easier to read on one line
from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from etter_extraction.facts.model import Found
from etter_extraction.facts.people.fields import Field
from etter_extraction.facts.people.finding import find_people
from etter_extraction.parsing.readers import delimited

_TODAY = date(2026, 6, 1)


def _read(folder: Path, text: str, *, encoding: str = "utf-8", choices: dict[str, Field] | None = None) -> Found:
    path = folder / "staff.csv"
    path.write_bytes(text.encode(encoding))
    parsed = delimited.read(path, "csv")
    found = find_people(parsed, as_of=_TODAY, choices=choices or {})
    assert found is not None
    texts = {page.number: page.text + found.more_text.get(page.number, "") for page in parsed.pages}
    assert all(texts[one.page][one.start : one.end] == one.quote for one in found.facts)
    return found


def _roles(found: Found, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(one.value[name] for name in names) for one in found.facts]


def _codes(found: Found) -> dict[str, int]:
    return {note.code: note.count for note in found.notes}


class TestNumbers:
    @pytest.mark.parametrize(
        ("table", "expected"),
        [
            ("Titel;Abteilung;Köpfe;Jahresgehalt (EUR)\nLagerist;Logistik;1.200;34.500\nFahrer;Logistik;7;31.250,50\n",
             [("Lagerist", 1200, 34500, "EUR"), ("Fahrer", 7, 31250.5, "EUR")]),
            ("Job title;Department;Headcount;Annual salary (CHF)\nClerk;HR;4;82'500\nCook;Canteen;2;61'000.50\n",
             [("Clerk", 4, 82500, "CHF"), ("Cook", 2, 61000.5, "CHF")]),
            ("Poste;Service;Effectif;Salaire annuel (EUR)\nComptable;Finance;3;38 500,00\nAcheteur;Achats;2;41 250,75\n",
             [("Comptable", 3, 38500, "EUR"), ("Acheteur", 2, 41250.75, "EUR")]),
            ('Job title,Department,Headcount,"Annual salary (USD)"\nClerk,HR,"1,200","34,500"\nCook,Canteen,3,"61,000.50"\n',
             [("Clerk", 1200, 34500, "USD"), ("Cook", 3, 61000.5, "USD")]),
            ("Stanowisko;Dział;Liczba osób;Wynagrodzenie roczne (PLN)\nKsięgowy;Finanse;3;98 000\nKierowca;Flota;14;61 000,50\n",
             [("Księgowy", 3, 98000, "PLN"), ("Kierowca", 14, 61000.5, "PLN")]),
        ],
    )  # fmt: skip
    def test_each_file_is_read_by_its_own_convention(
        self, tmp_path: Path, table: str, expected: list[tuple[Any, ...]]
    ) -> None:
        assert _roles(_read(tmp_path, table), "title", "headcount", "salary", "currency") == expected

    def test_the_decision_is_reported_with_its_evidence(self, tmp_path: Path) -> None:
        found = _read(
            tmp_path, "Position;Abteilung;FTE;Gehalt (EUR)\nLagerist;Logistik;21,750;34.500\nKoch;Kantine;0,5;28.100\n"
        )
        assert "21,750" not in found.mappings[0].decisions["FTE"].split("because of")[0]
        assert "0,5" in found.mappings[0].decisions["FTE"]
        assert _roles(found, "title", "headcount", "fte") == [("Lagerist", 21.75, 21.75), ("Koch", 0.5, 0.5)]

    @pytest.mark.parametrize(
        ("cell", "code", "heads"),
        [
            ("abc", "HEADCOUNT_UNREADABLE", None),
            ("fifty", "HEADCOUNT_UNREADABLE", None),
            ("-4", "HEADCOUNT_NEGATIVE", None),
        ],
    )
    def test_a_headcount_that_is_no_number_of_people_is_missing_and_flagged(
        self, tmp_path: Path, cell: str, code: str, heads: int | None
    ) -> None:
        found = _read(tmp_path, f"Job title,Department,Headcount\nClerk,HR,{cell}\nCook,Canteen,3\n")
        assert _roles(found, "title", "headcount") == [("Clerk", heads), ("Cook", 3)]
        assert _codes(found)[code] == 1
        assert found.facts[0].flags == [code]
        assert found.facts[0].confidence < 0.5 < found.facts[1].confidence


class TestFte:
    @pytest.mark.parametrize(
        ("table", "expected"),
        [
            ("ID,Job title,Ward,FTE\n1,Nurse,A,100%\n2,Nurse,A,60%\n3,Porter,A,50 %\n", [("Nurse", 2, 1.6), ("Porter", 1, 0.5)]),
            ("ID,Job title,Ward,FTE\n1,Nurse,A,1.0\n2,Nurse,A,0.6\n3,Porter,A,0.5\n", [("Nurse", 2, 1.6), ("Porter", 1, 0.5)]),
            ("ID,Job title,Ward,FTE\n1,Nurse,A,100\n2,Nurse,A,60\n3,Porter,A,50\n", [("Nurse", 2, 1.6), ("Porter", 1, 0.5)]),
            ("Personalnummer;Stelle;Abteilung;Beschäftigungsgrad\n1;Pfleger;A;100 %\n2;Pfleger;A;62,5 %\n", [("Pfleger", 2, 1.625)]),
            ("ID,Job title,Ward,Weekly hours\n1,Nurse,A,40\n2,Nurse,A,20\n3,Porter,A,40\n", [("Nurse", 2, 1.5), ("Porter", 1, 1)]),
            ("Job title,Ward,Headcount,FTE\nNurse,A,3,2.1\nPorter,B,2,1.75\n", [("Nurse", 3, 2.1), ("Porter", 2, 1.75)]),
        ],
    )  # fmt: skip
    def test_fte_stays_apart_from_heads(self, tmp_path: Path, table: str, expected: list[tuple[Any, ...]]) -> None:
        assert _roles(_read(tmp_path, table), "title", "headcount", "fte") == expected


class TestWhoCounts:
    @pytest.mark.parametrize(
        ("heading", "rows", "code"),
        [
            ("Employment Status", ["Active", "Resigned"], "LEAVERS_LEFT_OUT"),
            ("Termination Date", ["", "2025-03-31"], "LEAVERS_LEFT_OUT"),
            ("Austrittsdatum", ["", "31.03.2025"], "LEAVERS_LEFT_OUT"),
            ("Status", ["Filled", "VACANT"], "VACANCIES_LEFT_OUT"),
            ("Incumbent", ["A. Quill", "Vacancy"], "VACANCIES_LEFT_OUT"),
            ("Hire Date", ["2019-01-01", "2027-01-01"], "FUTURE_STARTERS_LEFT_OUT"),
            ("Start Date", ["01/02/2020", "14/09/2026"], "FUTURE_STARTERS_LEFT_OUT"),
            ("Active", ["Yes", "No"], "LEAVERS_LEFT_OUT"),
        ],
    )
    def test_only_people_in_post_count(self, tmp_path: Path, heading: str, rows: list[str], code: str) -> None:
        lines = "\n".join(f"{number},Clerk,HR,{cell}" for number, cell in enumerate(rows))
        found = _read(tmp_path, f"Employee ID,Job Title,Department,{heading}\n{lines}\n")
        assert _roles(found, "title", "headcount") == [("Clerk", 1)]
        assert _codes(found)[code] == 1

    def test_a_person_who_leaves_later_still_counts(self, tmp_path: Path) -> None:
        found = _read(tmp_path, "Employee ID,Job Title,Department,End Date\n1,Clerk,HR,2026-12-31\n2,Clerk,HR,\n")
        assert _roles(found, "headcount") == [(2,)]

    @pytest.mark.parametrize("word", ["Total", "Grand Total", "Summe", "Gesamt", "TOTAL HR", "Razem", "Sub-total"])
    def test_totals_are_no_role(self, tmp_path: Path, word: str) -> None:
        found = _read(tmp_path, f"Job title,Department,Headcount\nClerk,HR,4\nCook,Canteen,3\n{word},,7\n")
        assert sum(one.value["headcount"] for one in found.facts) == 7
        assert _codes(found)["TOTALS_LEFT_OUT"] == 1

    def test_roles_of_a_list_without_people_have_no_headcount(self, tmp_path: Path) -> None:
        found = _read(tmp_path, "Job title,Department,Annual salary (GBP)\nClerk,HR,24000\nCook,Canteen,26000\n")
        assert _roles(found, "headcount", "salary") == [(None, 24000), (None, 26000)]
        assert "HEADCOUNT_NOT_STATED" in _codes(found)


class TestColumns:
    @pytest.mark.parametrize(
        "heading",
        [
            "Employee",
            "Employee ID",
            "Staff No.",
            "Personalnummer",
            "Matricule",
            "Worker",
            "Position ID",
            "Employee Key",
        ],
    )
    def test_numbers_of_people_are_no_headcount(self, tmp_path: Path, heading: str) -> None:
        found = _read(
            tmp_path, f"{heading},Job Title,Department,Annual Salary (USD)\n1001,Clerk,HR,40000\n1002,Clerk,HR,42000\n"
        )
        assert _roles(found, "title", "headcount", "salary") == [("Clerk", 2, 41000)]

    @pytest.mark.parametrize(
        "heading", ["Manager Job Title", "Supervisor Title", "Reports To", "Line Manager", "Vorgesetzter"]
    )
    def test_a_managers_title_is_no_title(self, tmp_path: Path, heading: str) -> None:
        found = _read(
            tmp_path,
            f"ID,{heading},Job Title,Department\n1,Finance Director,Analyst,Finance\n2,Finance Director,Analyst,Finance\n",
        )
        assert _roles(found, "title", "headcount") == [("Analyst", 2)]

    @pytest.mark.parametrize("heading", ["No. of Direct Reports", "Span of control", "Number of reports", "Team size"])
    def test_reports_are_no_headcount(self, tmp_path: Path, heading: str) -> None:
        found = _read(tmp_path, f"ID,Position,Department,{heading}\n1,Shift Lead,Plant,12\n2,Shift Lead,Plant,14\n")
        assert _roles(found, "title", "headcount") == [("Shift Lead", 2)]

    @pytest.mark.parametrize(
        "heading", ["Employees", "Headcount", "# of Positions", "Anzahl Mitarbeiter", "Effectif", "Staff in post"]
    )
    def test_counts_of_people_are_headcounts(self, tmp_path: Path, heading: str) -> None:
        found = _read(tmp_path, f"Job Title,Department,{heading}\nClerk,HR,12\nCook,Canteen,3\n")
        assert _roles(found, "title", "headcount") == [("Clerk", 12), ("Cook", 3)]

    def test_a_persons_choice_beats_the_heading(self, tmp_path: Path) -> None:
        table = "Job Title,Civil Service Title,Department,Headcount\nPicker,Helper,Stores,4\nPicker,Clerk,Stores,2\n"
        chosen: dict[str, Field] = {"civil service title": "title", "job title": "ignored"}
        assert _roles(_read(tmp_path, table, choices=chosen), "title", "headcount") == [("Helper", 4), ("Clerk", 2)]

    def test_mapping_shows_confidence_samples_and_runner_up(self, tmp_path: Path) -> None:
        found = _read(tmp_path, "Job Title,Base Pay Rate,Department\nClerk,41000,HR\nCook,39000,Canteen\n")
        column = found.mappings[0].columns[1]
        assert (column.heading, column.field, column.samples) == ("Base Pay Rate", "salary", ["41000", "39000"])
        assert 0 < column.confidence < 1

    @pytest.mark.parametrize(
        "above",
        ["Staff list 2026,,\n\n", "Company,,\nAs of 1 June,,\n", ",,\n,,\n", "Confidential,,\n"],
    )
    def test_heading_below_other_rows(self, tmp_path: Path, above: str) -> None:
        assert _roles(
            _read(tmp_path, above + "Job title,Department,Headcount\nClerk,HR,4\n"), "title", "headcount"
        ) == [("Clerk", 4)]

    def test_heading_over_two_rows_and_a_row_of_units(self, tmp_path: Path) -> None:
        table = "Job title,Department,Pay band,Pay band,Headcount\n,,Min,Max,\n,,(GBP),(GBP),heads\nClerk,HR,20000,24000,4\n"
        assert _roles(_read(tmp_path, table), "title", "headcount", "salary", "currency") == [
            ("Clerk", 4, 22000, "GBP")
        ]


class TestPay:
    @pytest.mark.parametrize(
        ("cell", "year", "currency"),
        [
            ("£24,000 per annum pro rata", 24000, "GBP"), ("£24,000 - £28,000", 26000, "GBP"), ("£50k–£60k", 55000, "GBP"),
            ("£12.85 per hour", 26728, "GBP"), ("£1.2m", 1_200_000, "GBP"), ("€3,200 per month", 38400, "EUR"),
            ("CHF 95'000", 95000, "CHF"), ("A$110,000", 110000, "AUD"), ("450 EUR per day", 117000, "EUR"),
        ],
    )  # fmt: skip
    def test_a_cell_may_name_its_own_period_and_currency(
        self, tmp_path: Path, cell: str, year: float, currency: str
    ) -> None:
        found = _read(tmp_path, f'Job title;Department;Headcount;Salary\nClerk;HR;4;"{cell}"\n')
        assert _roles(found, "salary", "currency") == [(year, currency)]

    def test_hourly_and_salaried_people_stand_in_one_table(self, tmp_path: Path) -> None:
        table = (
            "Key,Job Titles,Department,Salary or Hourly,Typical Hours,Annual Salary,Hourly Rate\n"
            'A,FOREMAN,STREETS,HOURLY,40,,41.41\nB,CHIEF,FIRE,SALARY,,"80,448.00",\nC,AIDE,PARKS,Hourly,20,,15.50\n'
        )
        assert _roles(_read(tmp_path, table), "title", "salary") == [
            ("FOREMAN", 86132.8), ("CHIEF", 80448), ("AIDE", 16120)
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("heading", "cell", "year"),
        [
            ("Monthly Income", "5993", 71916), ("MonthlyIncome", "5993", 71916), ("Monatsgehalt (EUR)", "4100", 49200),
            ("Hourly Rate", "18.86", 39228.8), ("Salary per week", "800", 41600), ("Annual Salary", "41000", 41000),
        ],
    )  # fmt: skip
    def test_the_heading_names_the_period(self, tmp_path: Path, heading: str, cell: str, year: float) -> None:
        found = _read(tmp_path, f"ID,Job Title,Department,{heading}\n1,Clerk,HR,{cell}\n2,Clerk,HR,{cell}\n")
        assert _roles(found, "salary") == [(year,)]
        assert found.facts[0].flags == []

    def test_hourly_amounts_among_yearly_ones_are_flagged(self, tmp_path: Path) -> None:
        table = "ID,Job Title,Department,Base Salary (USD)\n1,Clerk,HR,41000\n2,Chief,HR,99000\n3,Deputy Sheriff,Jail,18.86\n4,Cook,Jail,39000\n"
        found = _read(tmp_path, table)
        by_title = {one.value["title"]: one for one in found.facts}
        assert by_title["Deputy Sheriff"].value["salary"] == 39228.8
        assert by_title["Deputy Sheriff"].flags == ["PAY_PERIOD_ASSUMED"]
        assert by_title["Clerk"].flags == []

    @pytest.mark.parametrize("amount", ["620", "9000000"])
    def test_implausible_pay_is_never_sure(self, tmp_path: Path, amount: str) -> None:
        table = f"ID,Job Title,Department,Annual Salary (USD)\n1,Clerk,HR,{amount}\n2,Cook,HR,41000\n"
        found = _read(tmp_path, table)
        assert found.facts[0].flags == ["SALARY_IMPLAUSIBLE"]
        assert found.facts[0].confidence < 0.5

    def test_no_currency_is_made_up(self, tmp_path: Path) -> None:
        found = _read(tmp_path, "Job title,Department,Headcount,Annual salary\nClerk,Łódź,3,98000\n")
        assert _roles(found, "salary", "currency") == [(98000, None)]
        assert "CURRENCY_UNKNOWN" in _codes(found)

    @pytest.mark.parametrize(
        "table",
        [
            "Job title,Department,Headcount,Annual salary,Currency\nClerk,HR,3,41000,SEK\n",
            "Job title,Department,Headcount,Annual salary (SEK)\nClerk,HR,3,41000\n",
            "Staff. Salaries in SEK per year,,,\nJob title,Department,Headcount,Salary\nClerk,HR,3,41000\n",
        ],
    )
    def test_a_column_a_heading_or_the_sheet_names_the_currency(self, tmp_path: Path, table: str) -> None:
        assert _roles(_read(tmp_path, table), "salary", "currency") == [(41000, "SEK")]


class TestRoles:
    def test_spellings_of_a_title_are_one_role(self, tmp_path: Path) -> None:
        rows = [
            "Care Assistant",
            "Care Assistant ",
            "care assistant",
            "Care  Assistant",
            "CARE ASSISTANT",
            "Care-Assistant",
        ]
        lines = "\n".join(f"{title},Home Care,{number},22000" for number, title in enumerate(rows))
        found = _read(tmp_path, f"Job Title,Department,Employee ID,Annual Salary (GBP)\n{lines}\n")
        assert _roles(found, "title", "headcount") == [("Care Assistant", 6)]
        assert _codes(found)["SPELLINGS_MERGED"] == 1

    def test_one_title_in_two_departments_is_two_roles(self, tmp_path: Path) -> None:
        found = _read(tmp_path, "Job Title,Department,Headcount\nClerk,HR,4\nClerk,Finance,2\n")
        assert _roles(found, "department", "headcount") == [("HR", 4), ("Finance", 2)]

    def test_a_department_written_once_holds_for_the_rows_below(self, tmp_path: Path) -> None:
        found = _read(tmp_path, "Department,Job Title,Headcount\nHR,Clerk,4\n,Adviser,2\n,Manager,1\nFinance,Clerk,3\n")
        assert [one.value["department"] for one in found.facts] == ["HR", "HR", "HR", "Finance"]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1250"])
    def test_the_encoding_is_found(self, tmp_path: Path, encoding: str) -> None:
        text = (
            "Job title;Department;Headcount;Salary\nKsięgowy główny;Dział Księgowości;3;98000\nKierowca;Łódź;14;61000\n"
        )
        assert _roles(_read(tmp_path, text, encoding=encoding), "title", "department") == [
            ("Księgowy główny", "Dział Księgowości"), ("Kierowca", "Łódź")
        ]  # fmt: skip

    def test_a_long_table_keeps_the_rows_that_facts_stand_on(self, tmp_path: Path) -> None:
        lines = "\n".join(f"{number},{'Clerk' if number < 24_999 else 'Astronomer'},HR" for number in range(25_000))
        found = _read(tmp_path, f"Employee ID,Job Title,Department\n{lines}\n")
        assert _roles(found, "title", "headcount") == [("Clerk", 24_999), ("Astronomer", 1)]
        assert "TEXT_ABRIDGED" in _codes(found)
        assert len(found.more_text[1]) < 100

    def test_the_same_file_gives_the_same_facts(self, tmp_path: Path) -> None:
        table = "Job Title,Department,Headcount\nClerk,HR,4\nCook,Canteen,2\n"
        assert _read(tmp_path, table) == _read(tmp_path, table)
