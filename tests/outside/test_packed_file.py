"""What is packed is unpacked as it is read, up to a limit; what cannot be is refused in a line."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable

import pytest

from larry.outside.packed_file import CannotUnpack, unpack_all

TEXT = b"Package: a\n" * 1000
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}


def unpack(packed: bytes, largest: int = 2**20) -> bytes:
    return unpack_all(io.BytesIO(packed), "it", largest)


@pytest.mark.parametrize("packer", PACKERS)
def test_every_way_is_told_by_how_it_begins(packer: str) -> None:
    assert unpack(PACKERS[packer](TEXT)) == TEXT
    assert unpack(PACKERS[packer](b"")) == b""
    assert unpack(PACKERS[packer](TEXT), len(TEXT)) == TEXT
    with pytest.raises(CannotUnpack, match=f"it is larger than {len(TEXT) - 1} bytes"):
        unpack(PACKERS[packer](TEXT), len(TEXT) - 1)


@pytest.mark.parametrize("packer", [each for each in PACKERS if each != "plain"])
def test_a_bomb_is_not_unpacked(packer: str) -> None:
    with pytest.raises(CannotUnpack, match="larger"):
        unpack(PACKERS[packer](bytes(64 * 2**20)))


@pytest.mark.parametrize("packer", [each for each in PACKERS if each != "plain"])
def test_damage_is_told(packer: str) -> None:
    packed = PACKERS[packer](TEXT)
    for damaged in (packed[: len(packed) // 2], packed[:10] + b"\0\1\2\3" + packed[14:]):
        with pytest.raises(CannotUnpack, match="it is damaged: "):
            unpack(damaged)


@pytest.mark.parametrize("head, kind", [(b"\x04\x22\x4d\x18", "lz4"), (b"\x28\xb5\x2f\xfd", "zstd")])
def test_other_ways_are_named(head: bytes, kind: str) -> None:
    with pytest.raises(CannotUnpack, match=f"packed with {kind}.*apt-helper cat-file"):
        unpack(head + b"more")
