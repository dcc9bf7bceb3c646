"""Section 7: the third counter word. A channel is one kind of draw of one role.

The numbers are part of the engine version. Channels below `PER_WORKLOAD` belong to the role, the others to one of its
Auto workloads.
"""

QUIT_ACTIVE = 0
QUIT_RAMPING = 1
QUIT_RESKILLING = 2  # and 3, 4: the classes of reskilling
RAMPED = 5
RESKILLED = 6  # and 7, 8
HIRES = 9
LAYOFFS = 10
LAYOFFS_ACTIVE = 11

PERSON_QUITS_MATURES = 12
"""Agent engine, from here to 16: its own channels, so that the two engines are independent of each other."""
PERSON_MOVED = 13
VACANCY_FILLED = 14
SURPLUS_CUT = 15
PERSON_LAID_OFF = 16

PER_WORKLOAD = 32
ADOPTION = 0
LEARNING = 1
QUIT_STAGES = 2
RESKILLED_STAGES = 3
MOVED_STAGES = 4
HIRED_STAGES = 5
LAID_OFF_STAGES = 6
PERSON_STAGE = 7
"""Agent engine."""
STRIDE = 8

MAX_AUTO_WORKLOADS = 28
"""As many as fit: 32 + 8 * 28 = 256."""
