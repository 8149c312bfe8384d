"""One file over HTTP, bounded in size and in total time, into memory; a download that is stopped leaves nothing.

A server may send without end, or a byte every few seconds, so that neither the size nor a timeout between two packets
ends the download. Both are bounded here: by the size that the manifest names, and by how long that takes on a slow
line.
"""

from __future__ import annotations

import time

MOST_BYTES = 2**28  # of a file whose size is not published
SLOWEST = 50_000  # bytes a second that a line must manage on average
PATIENCE = 60.0  # seconds beyond that
SILENCE = 30  # seconds between two packets
_PART = 2**16


class BadDownload(Exception):
    """The server sends more than it may, or takes longer; the text says which."""


def download(url: str, size: int | None) -> bytes:
    """Return what `url` serves.

    Parameters
    ----------
    url : str
        ``http`` or ``https``; redirections to anything else are refused by requests.
    size : int, optional
        Bytes that are expected; more are not read. When it is not known, `MOST_BYTES`.

    Raises
    ------
    BadDownload
        When the server sends more bytes, or all of them take longer than `PATIENCE` and the size at `SLOWEST`.
    requests.RequestException
        When it cannot be reached, or answers with an error.
    """
    import requests
    from urllib3.exceptions import HTTPError

    most = size or MOST_BYTES
    seconds = PATIENCE + most / SLOWEST
    ends = time.monotonic() + seconds
    content = bytearray()
    with requests.get(url, stream=True, timeout=SILENCE) as response:
        response.raise_for_status()
        announced = response.headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced) > most and "Content-Encoding" not in response.headers:
            raise BadDownload(f"announces {announced} bytes instead of {most}")
        try:
            # read1 returns what has come; read would wait for a whole part, and a slow server could take for ever
            while part := response.raw.read1(_PART, decode_content=True):
                content += part
                if len(content) > most:
                    raise BadDownload(f"sends more than {most} bytes")
                if time.monotonic() > ends:
                    raise BadDownload(f"has sent {len(content)} of {most} bytes in {seconds:.0f} s")
        except HTTPError as error:
            raise requests.ConnectionError(str(error)) from error
    return bytes(content)
