"""Files that may be packed: unpacked here as they are read, and never beyond a limit."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import IO

_MOST_MEMORY = 128 * 2**20
_PIECE = 2**20


class CannotUnpack(Exception):
    """The file is packed in a way that is not known, is damaged or is too large; the text says which."""


def unpack_all(packed: IO[bytes], name: str, largest: int) -> bytes:
    """The whole content, unpacked where it begins as gzip, xz or bzip2 do. Raises `CannotUnpack`."""
    head = packed.read(_PIECE)
    for sign, kind in _UNKNOWN.items():
        if head.startswith(sign):
            hint = "unpack it first, as `/usr/lib/apt/apt-helper cat-file FILE` does, and pass it on with -"
            raise CannotUnpack(f"{name} is packed with {kind}, which is not read: {hint}")
    unpack = next((unpack for sign, unpack in _UNPACKERS.items() if head.startswith(sign)), _pass_on)
    content = io.BytesIO()
    try:
        for piece in unpack(_Whole(head, packed)):
            content.write(piece)
            if content.tell() > largest:
                raise CannotUnpack(f"{name} is larger than {largest} bytes")
    except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile, ValueError) as fault:
        raise CannotUnpack(f"{name} is damaged: {fault}") from fault
    except OSError as fault:
        if fault.errno is None:  # so bz2 says that what it reads is wrong
            raise CannotUnpack(f"{name} is damaged: {fault}") from fault
        raise
    return content.getvalue()


class _Whole(io.RawIOBase):
    """What was read of a file already, and then the rest."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        if not self._head:
            return self._rest.read(size)
        size = len(self._head) if size < 0 else size
        piece, self._head = self._head[:size], self._head[size:]
        return piece


def _pass_on(file: _Whole) -> Iterator[bytes]:
    return iter(lambda: file.read(_PIECE), b"")


def _unpack_gzip(file: _Whole) -> Iterator[bytes]:
    unpacked = gzip.GzipFile(fileobj=file, mode="rb")
    return iter(lambda: unpacked.read(_PIECE), b"")


def _unpack_bzip2(file: _Whole) -> Iterator[bytes]:
    unpacked = bz2.BZ2File(file)
    return iter(lambda: unpacked.read(_PIECE), b"")


def _unpack_xz(file: _Whole) -> Iterator[bytes]:
    """With a limit to the memory that the file may ask for."""
    stream = lzma.LZMADecompressor(memlimit=_MOST_MEMORY)
    while True:
        packed = b"" if not (stream.eof or stream.needs_input) else stream.unused_data or file.read(_PIECE)
        if stream.eof:
            if not packed.strip(b"\0"):
                return
            stream = lzma.LZMADecompressor(memlimit=_MOST_MEMORY)
        elif stream.needs_input and not packed:
            raise EOFError("it ends too early")
        yield stream.decompress(packed, _PIECE)


_UNPACKERS: Mapping[bytes, Callable[[_Whole], Iterator[bytes]]] = MappingProxyType(
    {b"\x1f\x8b": _unpack_gzip, b"\xfd7zXZ\0": _unpack_xz, b"BZh": _unpack_bzip2}
)
_UNKNOWN: Mapping[bytes, str] = MappingProxyType({b"\x04\x22\x4d\x18": "lz4", b"\x28\xb5\x2f\xfd": "zstd"})
