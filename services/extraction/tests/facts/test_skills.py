"""Skills: lists as written, spans in requirements, links to ESCO, and what is never a skill."""

from __future__ import annotations

import pytest

from etter_extraction.facts.skills.excluded import is_excluded
from etter_extraction.facts.skills.linking import link, taxonomy
from etter_extraction.facts.skills.spans import spans_in
from etter_extraction.facts.skills.tokens import tokens_of

from .conftest import Finder, values

_TRAITS = ("race", "religion", "sexual orientation", "gender", "disability", "veteran", "national origin", "pregnancy")


@pytest.mark.parametrize(
    "block", ["- Listening\n- Typing", "Listening, Typing", "• Listening\n• Typing", "Listening; Typing"]
)
def test_a_skill_list_is_taken_as_written(find: Finder, block: str) -> None:
    found = find(f"Job title: Clerk\n\nDuties\n- Answer calls from tenants\n- Record each visit\n\nSkills:\n{block}\n")
    assert values(found, "skill") == ["Listening", "Typing"]


def test_spans_of_requirements_are_skills_and_duties_are_not(find: Finder) -> None:
    found = find(
        "Job title: Developer\n\nDuties\n- Write the documentation of the service\n- Review the code of "
        "others\n\nRequirements\n- Experience with Python, SQL and Docker\n"
    )
    skills = values(found, "skill")
    assert {"Python", "SQL", "Docker"} <= set(map(str, skills))
    assert not any("documentation" in str(skill) for skill in skills)


@pytest.mark.parametrize(
    "text",
    [
        "We are an equal opportunity employer and do not discriminate on the basis of race, religion, national "
        "origin, gender, sexual orientation, age, disability or veteran status.",
        "- Race\n- Religion or belief\n- Sexual orientation\n- Gender identity\n- Age\n- Disability",
        "Qualified applicants will receive consideration without regard to pregnancy, gender or national origin.",
        "Applications from women, veterans and people with disabilities are welcome.",
        "All skills and backgrounds are welcome, whatever your religion, gender or disability.",
    ],
)
@pytest.mark.parametrize("heading", ["Equal opportunity", "Skills", "Requirements", "Diversity"])
def test_a_protected_trait_is_never_a_skill(find: Finder, text: str, heading: str) -> None:
    found = find(f"Job title: Clerk\n\nDuties\n- Answer calls from tenants\n- Record each visit\n\n{heading}\n{text}\n")
    assert not [skill for skill in values(found, "skill") if any(trait in str(skill).lower() for trait in _TRAITS)]


@pytest.mark.parametrize("heading", ["Benefits", "What we offer", "Skills", "Requirements"])
@pytest.mark.parametrize(
    "benefit",
    [
        "Private medical insurance",
        "401(k) with company match",
        "Paid parental leave",
        "Season ticket loan",
        "Pension scheme",
    ],
)
def test_a_benefit_is_never_a_skill(find: Finder, heading: str, benefit: str) -> None:
    found = find(
        f"Job title: Clerk\n\nDuties\n- Answer calls from tenants\n- Record each visit\n\n{heading}\n- {benefit}\n- "
        "Free fruit and coffee\n"
    )
    assert benefit not in values(found, "skill")


@pytest.mark.parametrize(
    "name",
    ["payroll and benefits administration", "manage pension claims", "knowledge of equality law", "medical coding"],
)
def test_work_with_benefits_and_law_stays_a_skill(name: str) -> None:
    assert not is_excluded(name)


@pytest.mark.parametrize(
    "name", ["Bachelor's degree", "5 years", "effectively", "experience", "the", "Master's coursework", "--", ""]
)
def test_qualifications_and_loose_words_are_no_skills(name: str) -> None:
    assert is_excluded(name)


def test_a_skill_carries_its_concept(find: Finder) -> None:
    found = find(
        "Job title: Surveyor\n\nDuties\n- Inspect the buildings\n- Prepare schedules\n\nSkills\n- Surveying\n- "
        "Project management\n"
    )
    concepts = {one.value: one.concept for one in found.facts if one.type == "skill"}
    surveying = concepts["Surveying"]
    assert surveying is not None
    assert (surveying.label, surveying.score) == ("surveying", 1.0)
    assert surveying.uri is None or surveying.uri.startswith("http://data.europa.eu/esco/skill/")


def test_nothing_near_is_no_concept() -> None:
    assert link("zzqx vlorp") is None


def test_ranking_is_the_same_each_time() -> None:
    one, two = (taxonomy().rank("planning of maintenance in factories", 10) for _ in range(2))
    assert one == two
    assert len(one) == 10


def test_tokens_have_their_places() -> None:
    text = "Experience with C++, Node.js (e.g. Express) and SQL."
    tokens = tokens_of(text)
    assert [token.text for token in tokens] == [
        "Experience",
        "with",
        "C++",
        "Node.js",
        "(",
        "e.g.",
        "Express",
        ")",
        "and",
        "SQL",
        ".",
    ]
    assert all(text[token.start : token.end] == token.text for token in tokens)


def test_spans_have_their_places() -> None:
    text = "You have strong communication skills and experience with Python."
    names = [text[start:end] for start, end, _ in spans_in(text)]
    assert "Python" in names
