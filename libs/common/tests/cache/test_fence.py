from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from etter_common.cache.fence import Epochs, Ledger
from etter_common.cache.keys import EVERYTHING


class TestEpochs:
    def test_a_mark_holds_until_one_of_its_tags_is_invalidated(self) -> None:
        epochs = Epochs()
        mark = epochs.mark(["a", "b"])
        epochs.bump(["something else"])
        assert epochs.holds(mark)
        epochs.bump(["b"])
        assert not epochs.holds(mark)

    def test_everything_breaks_every_mark(self) -> None:
        epochs = Epochs()
        marks = [epochs.mark([]), epochs.mark(["a"])]
        epochs.bump([EVERYTHING])
        assert not any(map(epochs.holds, marks))

    @given(st.sets(st.text(), min_size=1), st.data())
    def test_no_invalidation_of_a_marked_tag_is_ever_overlooked(self, tags: set[str], data: st.DataObject) -> None:
        epochs = Epochs()
        mark = epochs.mark(tags)
        epochs.bump([data.draw(st.sampled_from(sorted(tags)))])
        assert not epochs.holds(mark)


class TestLedger:
    def test_what_was_heard_is_not_missed(self) -> None:
        ledger = Ledger()
        assert not ledger.missed(5)
        ledger.hear(7)
        ledger.hear(6)
        assert not ledger.missed(7)
        assert not ledger.missed(7)

    def test_one_that_is_still_on_its_way_has_until_the_next_look(self) -> None:
        ledger = Ledger()
        ledger.missed(5)
        assert not ledger.missed(6)
        ledger.hear(6)
        assert not ledger.missed(6)

    def test_one_that_never_came_is_missed_once(self) -> None:
        ledger = Ledger()
        ledger.missed(5)
        ledger.missed(6)
        assert ledger.missed(6)
        assert not ledger.missed(6)

    def test_a_gap_is_missed_though_later_ones_came(self) -> None:
        ledger = Ledger()
        ledger.missed(5)
        ledger.hear(7)
        ledger.missed(7)
        assert ledger.missed(7)
        ledger.hear(8)
        assert not ledger.missed(8)
        assert not ledger.missed(8)

    def test_a_counter_that_began_anew_counts_as_missed(self) -> None:
        ledger = Ledger()
        ledger.missed(500)
        assert ledger.missed(2)
        assert not ledger.missed(2)

    @given(st.permutations(range(1, 12)))
    def test_any_order_of_arrival_is_complete(self, order: list[int]) -> None:
        ledger = Ledger()
        ledger.missed(0)
        for number in order:
            ledger.hear(number)
        assert not ledger.missed(11)
        assert not ledger.missed(11)
