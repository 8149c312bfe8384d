"""Read a CSV file in any form that spreadsheets save: UTF-8, UTF-16 or Latin-1; comma, semicolon or tab."""

from __future__ import annotations

import csv
import io

BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")


def csv_rows(content: bytes) -> list[list[str]]:
    """Return the cells of every row. Empty rows are included, so that a row's position is its number in the file.

    Parameters
    ----------
    content : bytes
        The file. The separator is the one of comma, semicolon and tab that occurs most often.

    Raises
    ------
    csv.Error
        For what no spreadsheet writes, such as a cell of many megabytes.
    ValueError
        For UTF-16 that is cut short.
    """
    encoding = "utf-16" if content[:2] in BYTE_ORDER_MARKS else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        if encoding == "utf-16":
            raise
        text = content.decode("latin-1")  # never fails; ids and labels are plain letters and digits, the same in any
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=text.count)))
