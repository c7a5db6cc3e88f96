"""The chunked coding arrives whole however the network cut it."""

from __future__ import annotations

import pytest

from forgather_units.proxy.chunked import ChunkedDecoder
from forgather_units.proxy.response_head import NotHttp

CODED = b"5\r\nhello\r\n0A;ext=1\r\n\r\n world!!\r\n1 \r\n.\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n"
BODY = b"hello\r\n world!!."


@pytest.mark.parametrize("size", range(1, len(CODED) + 1))
def test_in_pieces_of_any_size(size: int) -> None:
    decoder, body = ChunkedDecoder(), b""
    for at in range(0, len(CODED), size):
        assert not decoder.done
        body += decoder.feed(CODED[at : at + size])
    assert decoder.done
    assert body == BODY


@pytest.mark.parametrize("end", range(len(CODED)))
def test_it_is_not_done_before_its_end(end: int) -> None:
    decoder = ChunkedDecoder()
    decoder.feed(CODED[:end])
    assert not decoder.done


@pytest.mark.parametrize("coded", [b"x\r\n", b"-1\r\n", b"0x5\r\nhello\r\n", b"\r\n", b"2\r\nabc\r\n", b"1" * 70000])
def test_what_breaks_the_grammar_is_refused(coded: bytes) -> None:
    with pytest.raises(NotHttp):
        ChunkedDecoder().feed(coded)
