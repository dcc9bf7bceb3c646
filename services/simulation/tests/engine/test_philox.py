"""Section 7: the generator's known answers and its addresses."""

from __future__ import annotations

import numpy as np
import pytest

from etter_simulation.engine import philox

ALL = 0xFFFFFFFF


class TestFillBlock:
    @pytest.mark.parametrize(
        ("key", "counter", "answer"),
        [
            ((0, 0), (0, 0, 0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
            ((ALL, ALL), (ALL, ALL, ALL, ALL), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
            (
                (0xA4093822, 0x299F31D0),
                (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
                (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
            ),
        ],
    )
    def test_known_answers_of_the_authors_library(
        self, key: tuple[int, int], counter: tuple[int, int, int, int], answer: tuple[int, int, int, int]
    ) -> None:
        stream = philox.new_stream(key[0] | key[1] << 32)
        stream[philox.ITERATION : philox.BLOCK + 1] = counter
        philox.fill_block(stream)
        assert tuple(int(word) for word in stream[philox.WORD : philox.WORD + 4]) == answer


class TestUniform:
    def test_an_address_gives_the_same_numbers_whatever_was_drawn_before(self) -> None:
        stream = philox.new_stream(5)
        philox.begin(stream, 3, 9)
        philox.seek(stream, 2, 17)
        first = [philox.uniform(stream) for _ in range(7)]
        philox.seek(stream, 1, 1)
        philox.uniform(stream)
        philox.seek(stream, 2, 17)
        assert [philox.uniform(stream) for _ in range(7)] == first

    def test_every_part_of_the_address_matters(self) -> None:
        def number(seed: int, iteration: int, step: int, role: int, channel: int) -> float:
            stream = philox.new_stream(seed)
            philox.begin(stream, iteration, step)
            philox.seek(stream, role, channel)
            return philox.uniform(stream)

        base = (1, 1, 1, 1, 1)
        moved = [tuple(value + (at == place) for at, value in enumerate(base)) for place in range(5)]
        assert len({number(*base), *(number(*address) for address in moved)}) == 6

    def test_numbers_are_even_over_the_open_interval(self) -> None:
        stream = philox.new_stream(11)
        philox.begin(stream, 0, 0)
        philox.seek(stream, 0, 0)
        drawn = np.array([philox.uniform(stream) for _ in range(100_000)])
        assert 0 < drawn.min() < drawn.max() < 1
        counts = np.histogram(drawn, bins=100, range=(0, 1))[0]
        assert ((counts - 1000) ** 2 / 1000).sum() < 161  # chi-square, 99 degrees of freedom, p = 0.0001


class TestUniforms:
    def test_are_those_of_a_stream_in_every_iteration(self) -> None:
        stream = philox.new_stream(11)
        philox.begin(stream, 0, 9)
        philox.seek(stream, 2, 17)
        first, second = np.empty(8), np.empty(8)
        iterations = np.array([5, 1, 3, 2, 8, 13, 900, 4], dtype=np.uint64)
        philox.uniforms(stream, iterations, 8, 0, first, second)
        for at, iteration in enumerate(iterations):
            philox.begin(stream, int(iteration), 9)
            philox.seek(stream, 2, 17)
            assert [philox.uniform(stream), philox.uniform(stream)] == [first[at], second[at]]
