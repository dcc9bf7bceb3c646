"""Words that speak for an exposure label, by our own judgement of the rubric (see `classification`).

Each group adds its weights to (E0, E1, E2) when one of its words occurs; a word counts by its stem. The verb that opens
a task counts most, since it says what is done; the rest says with what.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Weights = tuple[float, float, float]


@dataclass(frozen=True)
class Group:
    """`reason` is shown to people beside the label."""

    reason: str
    weights: Weights
    words: frozenset[str]


def _group(reason: str, weights: Weights, words: str) -> Group:
    return Group(reason, weights, frozenset(words.split()))


VERBS: Final = (
    _group(
        "hands-on work",
        (3.2, -1.2, -1.2),
        "clean remov instal repair assembl adjust cut drive load unload mix attach move turn transport fill start stop "
        "operat fasten weld paint lift carry dig climb sew wash dispens pour lubricat dismantl align mount bolt drill "
        "grind sand spray wrap pack stack fold hang push pull sort feed tend guard patrol escort bathe lay connect "
        "position place cook bak serv water plant harvest prun groom tow dump shovel sweep mop vacuum polish rins "
        "steril inject draw restrain hold stock stor strip splic solder bend press pump sampl weigh trim clamp insert "
        "replac hoist cover seal smooth apply rais lower open close thread align set lead act initiat",
    ),
    _group(
        "checks things on the spot",
        (1.1, -1.0, 0.2),
        "inspect test observ measur examin check watch listen tast handl collect distribut deliver assist",
    ),
    _group(
        "works with people face to face",
        (1.2, -0.6, 0.3),
        "supervis train teach instruct attend meet motivat counsel coach mentor comfort interview lead perform treat "
        "administer accompan greet host participat discuss",
    ),
    _group(
        "writes or records text",
        (-1.6, 2.4, 0.0),
        "writ draft edit record document transcrib translat summariz proofread typ enter fil compos complet annotat "
        "index log report correspond fill-in calculat comput answer code cod",
    ),
    _group(
        "prepares or keeps information",
        (-0.6, 0.7, 0.5),
        "prepar compil maintain updat keep read explain interpret communicat inform create gather tabulat classif "
        "verif reconcil process post bill invoic reply",
    ),
    _group(
        "analyses, plans or advises",
        (-1.6, -0.9, 1.8),
        "analyz analys plan design develop evaluat review assess determin identif recommend advis research investigat "
        "study estimat forecast manag coordinat schedul negotiat consult confer conduct examin organiz oversee select "
        "monitor establish implement formulat audit model optimiz predict diagnos compar contact arrang order purchas "
        "approv authoriz allocat assign refer collaborat present promot recruit produc track provid locat direct",
    ),
)

CONTEXT: Final = (
    _group(
        "machines, materials or tools",
        (1.3, -0.6, -0.4),
        "machin equip tool vehicl materi truck engin valv pump pipe wire metal wood concret surfac floor wall furnac "
        "conveyor forklift crane hose brush glove motor gaug lever blade fixtur pallet crate hand handtool hydraul "
        "weld lumber fabric paint oil fuel debris soil container lathe electr mechan instrument workpiec part",
    ),
    _group(
        "bodies, animals or food in hand",
        (1.0, -0.5, -0.2),
        "patient bodi anim food meal blood skin infant tissu specimen plant crop hair teeth drug dress bed child "
        "children ingredi dish kitchen",
    ),
    _group(
        "physical places and safety",
        (0.7, -0.4, 0.0),
        "site build room safeti emergenc fire ground hazard weather outdoor warehouse vessel aircraft road scene",
    ),
    _group(
        "text and figures",
        (-1.0, 1.0, 0.2),
        "report record document correspond letter form file memo minut articl manual text summari note email invoice "
        "statement paperwork script transcript log spreadsheet ledger payrol proposal specif bill receipt",
    ),
    _group(
        "data, systems and plans",
        (-1.0, 0.1, 0.9),
        "data databas softwar system budget plan polici strategi program market trend financi research analysi "
        "forecast account inventori contract cost information schedul procedur project campaign perform requir "
        "client custom vendor supplier investment statist computer network web legislat regul standard",
    ),
    _group(
        "judgement about people",
        (0.2, -0.4, 0.3),
        "staff personnel employe worker student team subordin volunteer public communiti negoti conflict grievanc",
    ),
)
BASE: Final[Weights] = (0.15, -0.5, 0.3)
