"""A body as rows, while it arrives: NDJSON, CSV and Parquet.

A row has a number: that of its line in NDJSON, its count without the header elsewhere, from 1.
Parquet keeps its index at the end of the file, so such a body rests in a temporary file first;
nothing else touches the disk.
"""

import asyncio
import codecs
import csv
import io
import tempfile
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from gateway.limits import BODY_TIMEOUT_S
from gateway.problems import UnsupportedMedia
from kit.errors import Malformed, TooLarge

LINE_BYTES_MAX = 64 * 1024
"""Over ingest's limit of an event, so that ingest says what is wrong with a long one."""
RECORD_CHARACTERS_MAX = 1024 * 1024
"""A record of CSV that is still open after so much has a quote that is never closed."""
PARQUET_BYTES_MAX = 2 * 1024 * 1024 * 1024
"""What one import may put on the disk."""
PARQUET_ROWS = 1000
CHUNK_BYTES = 256 * 1024
DELIMITERS = (",", ";", "\t", "|")

Row = bytes | dict[str, Any]
"""A line as it came, or columns by name."""


async def ndjson(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, Row]]:
    """Lines that are not blank; of one over LINE_BYTES_MAX only as much as shows that it is."""
    number = 0
    rest = b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            number += 1
            if line.strip():
                yield number, line
        if len(rest) > LINE_BYTES_MAX:
            rest = rest[: LINE_BYTES_MAX + 1]
    if rest.strip():
        yield number + 1, rest


async def comma_separated(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, Row]]:
    """Records of CSV (RFC 4180) with a header, in UTF-8; comma, semicolon, tab or bar between.

    Raises Malformed where it is not that.
    """
    header: list[str] = []
    delimiter = ","
    number = 0
    async for text in _records(_decoded(chunks)):
        if not header:
            delimiter = max(DELIMITERS, key=text.partition("\n")[0].count)
        for cells in _cells(text, delimiter):
            if not header:
                header = _header(cells)
            elif any(cells):
                number += 1
                yield number, dict(zip(header, cells, strict=False))


def _cells(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise Malformed(f"The file cannot be read as CSV ({error})") from None


def _header(cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if not all(names) or len(set(names)) != len(names):
        raise Malformed("The first line names each column once")
    return names


async def _decoded(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        async for chunk in chunks:
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Malformed("CSV is read as UTF-8") from None


async def _records(texts: AsyncIterator[str]) -> AsyncIterator[str]:
    """Text cut where records end: at a line break outside quotes."""
    rest = ""
    async for text in texts:
        rest += text
        end = rest.rfind("\n") + 1
        while end and rest.count('"', 0, end) % 2:
            end = rest.rfind("\n", 0, end - 1) + 1
        if end:
            yield rest[:end]
            rest = rest[end:]
        elif len(rest) > RECORD_CHARACTERS_MAX:
            raise Malformed("A quote is never closed, or a record is over a million characters")
    if rest:
        yield rest


async def parquet(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, Row]]:
    """Rows of a Parquet file, a thousand at a time."""
    with tempfile.TemporaryFile() as file:
        await _spool(chunks, file)
        try:
            table = await asyncio.to_thread(pq.ParquetFile, file)
            batches: Iterator[Any] = table.iter_batches(batch_size=PARQUET_ROWS)
            number = 0
            while rows := await asyncio.to_thread(_next_rows, batches):
                for row in rows:
                    number += 1
                    yield number, row
        except (pa.ArrowInvalid, OSError) as error:
            raise Malformed(f"The file cannot be read as Parquet ({error})") from None


async def _spool(chunks: AsyncIterator[bytes], file: IO[bytes]) -> None:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > PARQUET_BYTES_MAX:
            raise TooLarge(f"A Parquet file may have {PARQUET_BYTES_MAX} bytes; split it")
        await asyncio.to_thread(file.write, chunk)
    file.seek(0)


def _next_rows(batches: Iterator[Any]) -> list[dict[str, Any]]:
    batch = next(batches, None)
    return batch.to_pylist() if batch is not None else []


READERS = {"ndjson": ndjson, "csv": comma_separated, "parquet": parquet}


async def inflated(chunks: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """The body, decompressed in small pieces; raises UnsupportedMedia for what is not gzip."""
    if encoding not in ("", "identity", "gzip"):
        raise UnsupportedMedia("Send the rows as they are or with Content-Encoding: gzip")
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS) if encoding == "gzip" else None
    async for chunk in patiently(chunks):
        if inflater is None:
            yield chunk
            continue
        try:
            yield inflater.decompress(chunk, CHUNK_BYTES)
            while inflater.unconsumed_tail:
                yield inflater.decompress(inflater.unconsumed_tail, CHUNK_BYTES)
        except zlib.error:
            raise Malformed("The body is not gzip as Content-Encoding says") from None
    if inflater is not None and not inflater.eof:
        raise Malformed("The gzip body is cut off")


async def patiently(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A body may take as long as it likes, but not stand still."""
    while True:
        try:
            chunk = await asyncio.wait_for(anext(chunks, None), BODY_TIMEOUT_S)
        except TimeoutError:
            raise Malformed(f"Nothing arrived for {BODY_TIMEOUT_S:g} s") from None
        if chunk is None:
            return
        yield chunk
