from __future__ import annotations

from collections import OrderedDict

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from etter_common.cache.entry import Entry
from etter_common.cache.keys import CacheKey
from etter_common.cache.memory import _OVERHEAD_BYTES, Memory

KEYS = [CacheKey(None, "thing", str(number)) for number in range(6)]
TAGS = ["a", "b", "c"]


class TestMemory:
    def test_the_least_recently_used_leaves_first(self) -> None:
        memory = Memory(4 * (_OVERHEAD_BYTES + 101), lambda: 0.0)
        for key in KEYS[:4]:
            memory.put(key, Entry(bytes(100)), tags=(), ttl_s=1)
        assert memory.fresh(KEYS[0])
        memory.put(KEYS[4], Entry(bytes(100)), tags=(), ttl_s=1)
        assert memory.fresh(KEYS[0])
        assert not memory.fresh(KEYS[1])

    def test_an_entry_of_more_than_a_quarter_is_not_kept(self) -> None:
        memory = Memory(10_000, lambda: 0.0)
        memory.put(KEYS[0], Entry(bytes(2500)), tags=(), ttl_s=1)
        assert memory.fresh(KEYS[0]) is None

    def test_compressed_forms_count_as_they_are_made(self) -> None:
        memory = Memory(10_000, lambda: 0.0)
        entry = Entry(bytes(range(256)))
        memory.put(KEYS[0], entry, tags=(), ttl_s=1)
        before = memory.bytes
        variant = entry.encoded("gzip")
        assert memory.bytes == before + len(variant)

    def test_a_form_made_after_the_entry_left_counts_nowhere(self) -> None:
        memory = Memory(10_000, lambda: 0.0)
        entry = Entry(bytes(range(256)))
        memory.put(KEYS[0], entry, tags=("a",), ttl_s=1)
        memory.drop_tags(["a"])
        entry.encoded("gzip")
        assert memory.bytes == 0

    def test_growth_past_the_bound_drops_others(self) -> None:
        memory = Memory(4 * (_OVERHEAD_BYTES + 301), lambda: 0.0)
        entries = [Entry(bytes(range(200)) + bytes(100)) for _ in range(4)]
        for key, entry in zip(KEYS, entries, strict=False):
            memory.put(key, entry, tags=(), ttl_s=1)
        entries[3].encoded("gzip")
        assert memory.fresh(KEYS[0]) is None
        assert memory.fresh(KEYS[3]) is entries[3]


class MemoryMachine(RuleBasedStateMachine):
    """Against the plainest thing that could be right: a list in order of use."""

    BOUND = 8_000

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.memory = Memory(self.BOUND, lambda: self.now)
        self.model: OrderedDict[CacheKey, tuple[Entry, frozenset[str], float, int]] = OrderedDict()

    @rule(
        key=st.sampled_from(KEYS), size=st.integers(0, 3000), tags=st.frozensets(st.sampled_from(TAGS)),
        ttl_s=st.floats(0.1, 10),
    )  # fmt: skip
    def put(self, key: CacheKey, size: int, tags: frozenset[str], ttl_s: float) -> None:
        entry = Entry(bytes(size))
        self.memory.put(key, entry, tags=tuple(tags), ttl_s=ttl_s)
        self.model.pop(key, None)
        cost = size + _OVERHEAD_BYTES + len(key.params)
        if cost * 4 <= self.BOUND:
            self.model[key] = (entry, tags, self.now + ttl_s, cost)
        while sum(slot[3] for slot in self.model.values()) > self.BOUND:
            self.model.popitem(last=False)

    @rule(key=st.sampled_from(KEYS))
    def get(self, key: CacheKey) -> None:
        slot = self.model.get(key)
        expected = slot[0] if slot and slot[2] > self.now else None
        assert self.memory.fresh(key) is expected
        if expected:
            self.model.move_to_end(key)

    @rule(tags=st.frozensets(st.sampled_from(TAGS), min_size=1))
    def drop(self, tags: frozenset[str]) -> None:
        self.memory.drop_tags(tags)
        for key in [key for key, slot in self.model.items() if slot[1] & tags]:
            del self.model[key]

    @rule(by_s=st.floats(0.1, 5))
    def wait(self, by_s: float) -> None:
        self.now += by_s

    @rule()
    def clear(self) -> None:
        self.memory.clear()
        self.model.clear()

    @invariant()
    def bytes_are_bounded_and_counted(self) -> None:
        assert self.memory.bytes == sum(slot[3] for slot in self.model.values()) <= self.BOUND
        assert len(self.memory) == len(self.model)
        indexed = {key for keys in self.memory._by_tag.values() for key in keys}
        assert indexed == {key for key, slot in self.model.items() if slot[1]}


TestMemoryAgainstModel = MemoryMachine.TestCase
TestMemoryAgainstModel.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
