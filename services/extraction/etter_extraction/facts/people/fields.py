"""The fields of a people table, and the words that head them in several languages."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal, get_args

Field = Literal[
    "title", "department", "parent_unit", "level", "location", "headcount", "fte", "hours", "salary", "pay_low",
    "pay_high", "hourly_rate", "pay_period", "currency", "person_id", "person_name", "manager", "reports", "status",
    "start_date", "end_date", "vacancy", "employment_type", "ignored",
]  # fmt: skip
FIELDS: Final[tuple[Field, ...]] = get_args(Field)

_WORDS: Final[dict[Field, tuple[str, ...]]] = {
    "title": (
        "job title", "job titles", "title", "titles", "position", "positions", "position title", "role", "roles",
        "role title", "role name", "job role", "job", "job name", "post title", "post", "designation", "occupation",
        "business title", "working title", "generic job title", "functional title", "job profile", "job description",
        "titel", "rolle",
        "stelle", "stellenbezeichnung", "berufsbezeichnung", "funktion", "tatigkeit", "beruf", "dienstposten",
        "poste", "intitule du poste", "intitule", "emploi", "fonction", "metier", "libelle emploi",
        "puesto", "puesto de trabajo", "cargo", "ocupacion", "mansione", "qualifica", "ruolo", "posizione",
        "functie", "functienaam", "functietitel", "stanowisko", "nazwa stanowiska", "befattning", "tjanst", "stilling",
        "funcao", "cargo funcao", "nimike", "tehtava", "pozice", "munkakor",
    ),
    "department": (
        "department", "departments", "department name", "dept", "dept name", "department title", "division",
        "business unit", "unit", "unit name", "team", "team name", "directorate", "function", "agency", "agency name",
        "cost centre", "cost center", "service", "section", "organisation", "organization", "org unit", "area",
        "bureau",
        "branch", "job family", "department description", "abteilung", "bereich", "kostenstelle", "referat",
        "fachbereich",
        "departement", "direction", "departamento", "area funcional", "reparto", "ufficio", "dipartimento", "afdeling",
        "dzial", "departament", "avdelning", "enhet", "avdeling", "setor", "secretaria", "osasto", "oddeleni",
    ),
    "parent_unit": (
        "parent department", "parent unit", "parent organisation", "group", "company", "legal entity", "sector",
        "business area", "business line", "parent", "holding", "gesellschaft", "konzern", "entite", "societe",
        "empresa",
        "azienda", "bedrijf", "spolka", "entity", "organisation name", "organization name", "ministry",
    ),
    "level": (
        "level", "grade", "grade code", "job level", "job grade", "pay grade", "salary grade", "band", "pay band",
        "career level", "seniority", "rank", "step", "job band", "class", "stufe", "entgeltgruppe", "besoldungsgruppe",
        "gruppe", "niveau", "categorie", "echelon", "nivel", "grado", "categoria", "livello", "schaal", "poziom",
        "niva",
        "payscale", "pay scale",
    ),
    "location": (
        "location", "work location", "site", "office", "city", "country", "place", "base", "workplace", "region",
        "standort", "ort", "stadt", "land", "arbeitsort", "lieu", "site de travail", "ville", "pays", "ubicacion",
        "ciudad", "lugar", "sede", "citta", "luogo", "locatie", "plaats", "vestiging", "lokalizacja", "miasto", "ort",
        "plats", "sted", "local", "cidade", "employee location", "location name", "building",
    ),
    "headcount": (
        "headcount", "head count", "heads", "hc", "number of employees", "no of employees", "employees", "staff",
        "number of people", "people", "number of posts", "no of posts", "posts", "number of positions", "of positions",
        "no of positions", "count", "staff count", "employee count", "staff in post", "total staff", "persons", "fill",
        "number of staff", "no of staff", "headcount total", "current headcount", "workforce", "incumbents", "filled",
        "positions filled", "filled positions", "number", "qty", "quantity", "total headcount", "num employees",
        "anzahl", "kopfe", "kopfzahl", "anzahl mitarbeiter", "mitarbeiter", "mitarbeitende", "personen", "beschaftigte",
        "effectif", "effectifs", "nombre", "nombre de salaries", "plantilla", "numero de empleados", "empleados",
        "organico", "numero", "dipendenti", "numero dipendenti", "aantal", "aantal medewerkers", "medewerkers",
        "liczba osob", "liczba pracownikow", "zatrudnienie", "antal", "antal anstallda", "antall", "quantidade",
        "maara",
        "employeecount", "pocet", "letszam",
    ),
    "fte": (
        "fte", "ftes", "full time equivalent", "full time equivalents", "fulltime equivalent", "fte count", "total fte",
        "number of posts in fte", "fte total", "contracted fte", "actual fte", "budgeted fte", "part time percent",
        "working time", "percent fte", "fte percent", "employment percentage", "vza", "vollzeitaquivalent",
        "vollzeitaquivalente", "vak", "beschaftigungsgrad", "arbeitszeit", "stellenanteil", "stellen", "pensum", "etp",
        "equivalent temps plein", "taux d activite", "quotite", "etc", "jornada", "equivalente a tiempo completo",
        "dedicacion", "equivalente tempo pieno", "vte", "deeltijdfactor", "deeltijd", "etat", "etaty",
        "liczba etatow", "wymiar etatu", "arsverk", "heltidsekvivalenter", "sysselsattningsgrad", "tjanstgoringsgrad",
        "working time percent", "work percentage", "time percent", "fte factor", "appointment percent",
    ),
    "hours": (
        "hours", "weekly hours", "contract hours", "contracted hours", "standard hours", "typical hours",
        "hours per week", "scheduled hours", "hours a week", "std hours", "wochenstunden", "stunden pro woche",
        "wochenarbeitszeit", "heures", "heures par semaine", "horas semanales", "horas", "ore settimanali",
        "uren per week", "uren", "godziny", "timmar", "timer", "work hours", "weekly working hours", "std weekly hours",
    ),
    "salary": (
        "salary", "annual salary", "average salary", "average annual salary", "base salary", "base pay", "annual pay",
        "yearly salary", "pay", "compensation", "total compensation", "annual compensation", "wage", "wages",
        "annual wage", "remuneration", "annual rate", "salary rate", "basic salary", "basic pay", "gross salary",
        "gross pay", "annual base", "annual base salary", "annual base pay", "pay rate", "rate", "rate of pay",
        "monthly salary", "monthly income", "monthly pay", "monthly wage", "income", "annual income", "current salary",
        "mean salary", "median salary", "fte salary", "full time salary", "employee salary", "base compensation",
        "gehalt", "jahresgehalt", "grundgehalt", "monatsgehalt", "bruttogehalt", "entgelt", "lohn", "jahresbrutto",
        "vergutung", "bruttojahresgehalt", "monatsbrutto", "durchschnittsgehalt", "salaire", "salaire annuel",
        "salaire brut", "salaire mensuel", "salaire de base", "remuneration annuelle", "traitement", "salario",
        "salario anual", "salario bruto", "salario bruto anual", "sueldo", "retribucion", "salario mensual",
        "retribuzione", "stipendio", "ral", "retribuzione annua lorda", "salaris", "jaarsalaris", "bruto jaarsalaris",
        "maandsalaris", "wynagrodzenie", "pensja", "placa", "wynagrodzenie roczne", "lon", "arslon", "manadslon",
        "lonn",
        "palkka", "vencimento", "remuneracao", "salario base", "plat", "mzda", "fizetes", "ctc", "annual ctc",
        "annual cost", "salary cost", "pay per year", "yearly pay",
    ),
    "pay_low": (
        "minimum", "min", "salary min", "min salary", "minimum salary", "salary minimum", "salary range from",
        "salary from", "pay min", "payscale minimum", "pay scale minimum", "pay band min", "pay floor",
        "actual pay floor", "range minimum", "range min", "low", "salary low", "salary range minimum",
        "pay band minimum",
        "gehalt von", "gehalt min", "salaire minimum", "salario minimo", "band minimum", "from", "lower", "lower bound",
    ),
    "pay_high": (
        "maximum", "max", "salary max", "max salary", "maximum salary", "salary maximum", "salary range to",
        "salary to", "pay max", "payscale maximum", "pay scale maximum", "pay band max", "pay ceiling",
        "actual pay ceiling", "range maximum", "range max", "high", "salary high", "salary range maximum",
        "pay band maximum", "gehalt bis", "gehalt max", "salaire maximum", "salario maximo", "band maximum", "to",
        "upper",
        "upper bound",
    ),
    "hourly_rate": (
        "hourly rate", "hourly wage", "hourly pay", "rate per hour", "pay per hour", "hour rate", "hourly", "wage rate",
        "stundenlohn", "stundensatz", "taux horaire", "salaire horaire", "salario por hora", "retribuzione oraria",
        "uurloon", "stawka godzinowa", "timlon", "timelonn", "hourly salary", "hourly base rate", "per hour",
    ),
    "pay_period": (
        "salary or hourly", "salary hourly", "pay basis", "pay frequency", "salary frequency", "frequency",
        "pay period",
        "salary type", "pay type", "wage type", "compensation frequency", "rate type", "unit of pay", "period", "per",
        "salaried hourly", "hourly or salary", "hourly salaried", "salary basis", "pay unit", "compensation basis",
        "comp frequency", "salary unit", "comp rate code", "rate code",
    ),
    "currency": (
        "currency", "currency code", "salary currency", "pay currency", "wahrung", "devise", "moneda", "valuta",
        "waluta",
        "monnaie", "local currency", "ccy", "iso currency",
    ),
    "person_id": (
        "employee", "employee id", "employee number", "employee no", "emp id", "emp no", "employee key", "id",
        "person id", "person number", "staff id", "staff number", "staff no", "personnel number", "payroll number",
        "worker id", "worker", "position id", "position number", "post id", "post number", "post unique reference",
        "badge", "badge number", "personalnummer", "pers nr", "personal nr", "mitarbeiternummer", "mitarbeiter id",
        "matricule", "numero empleado", "id empleado", "matricola", "personeelsnummer", "nr pracownika", "numer",
        "anstallningsnummer", "record number", "employeenumber", "job id", "person", "uid", "associate id", "number id",
    ),
    "person_name": (
        "name", "employee name", "full name", "first name", "last name", "surname", "given name", "incumbent",
        "incumbent name", "worker name", "vorname", "nachname", "name vorname", "nom", "prenom", "nombre y apellidos",
        "apellidos", "apellido", "cognome", "nome", "naam", "imie", "nazwisko", "imie i nazwisko", "namn", "fornamn",
        "efternamn", "navn", "holder", "post holder", "legal name", "preferred name", "employee full name",
        "middle name",
    ),
    "manager": (
        "manager", "manager name", "manager id", "manager title", "manager job title", "line manager", "supervisor",
        "supervisor name", "supervisor title", "supervisor id", "reports to", "reporting to", "reports to senior post",
        "reporting senior post", "head of department", "team lead", "vorgesetzter", "vorgesetzte", "fuhrungskraft",
        "responsable", "manager direct", "superior", "jefe", "responsabile", "leidinggevende", "kierownik",
        "przelozony",
        "chef", "managers name", "reports to title", "manager position", "manager email", "department head",
        "department manager", "line manager name", "line manager title", "supervisor job title",
    ),
    "reports": (
        "direct reports", "no of direct reports", "number of direct reports", "reports", "span of control",
        "team size", "number of reports", "no of reports", "subordinates", "number of subordinates",
        "headcount managed",
    ),
    "status": (
        "status", "employment status", "employee status", "active", "attrition", "state", "worker status",
        "position status", "post status", "employment state", "left", "leaver", "terminated", "is active",
        "active status", "beschaftigungsstatus", "statut", "statut emploi", "estado", "situacion", "stato",
        "etat actif",
        "status zatrudnienia", "hr status", "record status", "assignment status", "current status", "filled vacant",
    ),
    "start_date": (
        "start date", "hire date", "date of hire", "hired", "joining date", "date joined", "date of joining",
        "employment start", "original hire date", "entry date", "eintritt", "eintrittsdatum", "beginn", "date d entree",
        "date d embauche", "fecha de ingreso", "fecha de alta", "data assunzione", "datum in dienst",
        "data zatrudnienia", "anstallningsdatum", "startdate", "hire dt", "effective start date", "service date",
    ),
    "end_date": (
        "end date", "termination date", "leaving date", "date left", "date of leaving", "exit date", "last day",
        "separation date", "contract end", "contract end date", "employment end", "austritt", "austrittsdatum",
        "ende", "date de sortie", "date de fin", "fecha de baja", "fecha de salida", "data cessazione",
        "datum uit dienst", "data zwolnienia", "slutdatum", "leave date", "term date", "last working day", "left on",
    ),
    "vacancy": (
        "vacancy", "vacant", "is vacant", "vacancies", "vacant posts", "number of vacancies", "open positions",
        "unfilled", "vakanz", "vakant", "offene stellen", "poste vacant", "postes vacants", "vacante", "vacantes",
        "vacature", "wakat", "vakans", "vacant positions", "unfilled positions", "open",
    ),
    "employment_type": (
        "full or part time", "full time part time", "full part time", "full part", "employment type", "contract type",
        "full time part time indicator", "part time", "employment category", "worker type", "employee type", "contract",
        "type of contract", "permanent temporary", "vertragsart", "beschaftigungsart", "type de contrat",
        "tipo de contrato", "tipo contratto", "contractvorm", "rodzaj umowy", "anstallningsform", "fulltime parttime",
        "time type", "ft pt", "posting type", "staff type", "position type", "appointment type", "full time",
    ),
    "ignored": (
        "age", "gender", "sex", "date of birth", "birth date", "dob", "ethnicity", "race", "nationality", "religion",
        "marital status", "disability", "email", "e mail", "contact e mail", "phone", "contact phone", "phone number",
        "address", "postcode", "zip", "notes", "comment", "comments", "remarks", "bonus", "allowance", "overtime",
        "budget", "performance rating", "education", "education field", "years at company", "valid", "index",
        "job team function", "professional occupational group", "salary cost of reports", "job family code",
        "department id", "dept id", "department code", "location id", "title code", "title code no", "job code",
        "position code", "cost centre code", "cost center code", "civil service title", "monthly rate", "daily rate",
        "percent salary hike", "stock option level", "total working years", "distance from home", "business travel",
        "union", "photo", "url", "link", "row", "nr", "lfd nr", "pos", "national insurance number", "ssn", "iban",
        "bank account", "posting date", "post until", "process date", "posting updated", "salary review date",
        "years of service", "tenure", "length of service", "geschlecht", "alter", "geburtsdatum", "sexe", "fax",
        "total", "total cost", "annual cost at midpoint", "total pay", "overtime pay", "other pay", "benefits",
        "pension", "turnover", "target", "forecast", "budgeted headcount", "planned headcount", "change", "variance",
        "over18", "numcompaniesworked", "training times last year", "hr business partner",
    ),
}  # fmt: skip

_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BRACKETS: Final = re.compile(r"\([^()]{0,80}\)|\[[^\[\]]{0,80}\]")
_NOT_WORDS: Final = re.compile(r"[^a-z0-9%#]+")
_NUMBER_OF: Final = re.compile(r"^(?:#|no|nr|num|number|anzahl|nombre|numero|liczba)(?: of| de| der)? ")
_FILLERS: Final = frozenset({
    "per", "year", "annum", "month", "week", "day", "in", "of", "the", "current", "average", "avg", "mean", "gross",
    "actual", "local", "p", "a", "pa", "eur", "usd", "gbp", "chf", "as", "at", "brutto", "brut", "bruto",
})  # fmt: skip
_PLAIN: Final = str.maketrans({"ł": "l", "Ł": "l", "ß": "ss", "ø": "o", "Ø": "o", "æ": "ae", "đ": "d", "ı": "i"})


def normal(heading: str) -> str:
    """A heading without brackets, accents, case and marks: `Annual_Salary (£)` is `annual salary`."""
    spaced = _CAMEL.sub(" ", _BRACKETS.sub(" ", heading[:200]).translate(_PLAIN))
    plain = "".join(ch for ch in unicodedata.normalize("NFKD", spaced) if not unicodedata.combining(ch)).lower()
    return " ".join(_NOT_WORDS.sub(" ", plain.replace("#", " # ")).split())


_EXACT: Final[dict[str, Field]] = {word: field for field in reversed(FIELDS) for word in _WORDS.get(field, ())}
_TOKENS: Final[dict[Field, tuple[frozenset[str], ...]]] = {
    field: tuple(frozenset(word.split()) for word in words) for field, words in _WORDS.items()
}


def by_heading(heading: str) -> dict[Field, float]:
    """How well a heading names each field, 0..1. The whole heading counts: words left over lower the score.

    `Manager Job Title` is a manager's, `No. of Direct Reports` no headcount.
    """
    text = normal(heading)
    if not text:
        return {}
    if text in _EXACT:
        return {field: 1.0 for field in FIELDS if text in _WORDS.get(field, ())}
    plain = " ".join(word for word in text.split() if word not in _FILLERS and not word.isdigit())
    if plain != text and plain in _EXACT:
        return {field: 0.9 for field in FIELDS if plain in _WORDS.get(field, ())}
    bare = _NUMBER_OF.sub("", text)
    scores: dict[Field, float] = {}
    tokens = frozenset(text.split())
    for field, phrases in _TOKENS.items():
        best = max((_overlap(tokens, phrase) for phrase in phrases), default=0.0)
        if best >= 0.5:
            scores[field] = 0.9 * best
    if bare != text and bare in _EXACT and _EXACT[bare] in ("title", "headcount"):
        scores["headcount"] = 0.9
    return scores


def _overlap(tokens: frozenset[str], phrase: frozenset[str]) -> float:
    """Jaccard similarity, nothing where the phrase is not wholly there."""
    return len(phrase) / len(tokens) if phrase <= tokens else 0.0
