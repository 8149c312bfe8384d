"""Download one file over HTTP into memory, bounded in size and in total time.

A faulty server may send without end, or one byte every few seconds, so that a timeout between two packets never ends
the download. The size is therefore bounded by what the manifest says, and the time by what that size takes on a slow
line. Nothing is written to disk, so a download that is stopped leaves nothing behind.
"""

from __future__ import annotations

import time

MOST_BYTES = 2**28  # bound on a file whose size is not published
SLOWEST = 50_000  # bytes a second that a line must reach on average
PATIENCE = 60.0  # seconds allowed in addition
SILENCE = 30  # seconds to wait for the next packet
_PART = 2**16


class BadDownload(Exception):
    """The server sent more bytes than expected, or took too long; the text says which."""


def download(url: str, size: int | None) -> bytes:
    """Return the content that `url` serves.

    Parameters
    ----------
    url : str
        An ``http`` or ``https`` address; requests refuses redirections to anything else.
    size : int or None
        Expected number of bytes, more of which are not read; None if it is unknown, then the bound is `MOST_BYTES`.

    Raises
    ------
    BadDownload
        When the server sends more bytes, or takes longer than `PATIENCE` plus the time for that size at `SLOWEST`.
    requests.RequestException
        When the server cannot be reached, or answers with an error.
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
            # read1 returns what has arrived; read would wait for a full part, for ever if the server sends too slowly
            while part := response.raw.read1(_PART, decode_content=True):
                content += part
                if len(content) > most:
                    raise BadDownload(f"sends more than {most} bytes")
                if time.monotonic() > ends:
                    raise BadDownload(f"has sent {len(content)} of {most} bytes in {seconds:.0f} s")
        except HTTPError as error:
            raise requests.ConnectionError(str(error)) from error
    return bytes(content)
