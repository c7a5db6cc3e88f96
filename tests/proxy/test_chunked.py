"""The decoder of the chunked coding, fed with pieces of any size."""

from __future__ import annotations

import pytest

from forgather_units.http.chunked import ChunkedDecoder
from forgather_units.http.response_head import NotHttp

CODED = b"5\r\nhello\r\n0A;ext=1\r\n\r\n world!!\r\n1 \r\n.\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n"
BODY = b"hello\r\n world!!."


@pytest.mark.parametrize("size", range(1, len(CODED) + 1))
def test_pieces_of_any_size_give_the_same_body(size: int) -> None:
    decoder, body = ChunkedDecoder(), b""
    for at in range(0, len(CODED), size):
        assert not decoder.done
        body += decoder.feed(CODED[at : at + size])
    assert decoder.done
    assert body == BODY


@pytest.mark.parametrize("end", range(len(CODED)))
def test_the_decoder_is_not_done_before_the_last_byte(end: int) -> None:
    decoder = ChunkedDecoder()
    decoder.feed(CODED[:end])
    assert not decoder.done


@pytest.mark.parametrize("coded", [b"x\r\n", b"-1\r\n", b"0x5\r\nhello\r\n", b"\r\n", b"2\r\nabc\r\n", b"1" * 70000])
def test_invalid_chunks_are_refused(coded: bytes) -> None:
    with pytest.raises(NotHttp):
        ChunkedDecoder().feed(coded)
