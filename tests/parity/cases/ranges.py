"""Byte ranges: how many, overlapping and out of order; If-Range; ranges of what was encoded."""

from __future__ import annotations

from tests.parity.runner.case import STATIC, Case, Request, get, head, post

MODIFIED = "Sun, 05 May 2024 12:00:00 GMT"
TAG = '"64-617b3b1389240"'
FILES = {"a.txt": "0123456789" * 10}


def case(name: str, config: str, *ranges: str) -> Case:
    """A case with Range fields for a file of 100 bytes."""
    requests = [get("/a.txt", f"Range: bytes={value}") for value in ranges]
    return _case(name, config, *requests)


def _case(name: str, config: str, *requests: Request) -> Case:
    masks = [(r"\b[0-9a-f]{12,}\b", "BOUNDARY")]
    return Case(f"range-{name}", requests, config, files=FILES, masks=masks)


def series(count: int, step: int, length: int = 1, start: int = 0) -> str:
    """Return `count` ranges, each so many bytes further on (or back)."""
    return ",".join(f"{start + n * step}-{start + n * step + length - 1}" for n in range(count))


FORWARDS = series(5, 10)
BACKWARDS = series(5, -10, start=90)
OVERLAPPING = series(5, 2, 4)
OVERLAPPING_BACKWARDS = series(5, -2, 4, 90)
PAIRS = "0-9,5-14,30-39,35-44,60-69,65-74"
ZIGZAG = "50-59,10-19,70-79,20-29,90-99"
SETS = (
    FORWARDS,
    BACKWARDS,
    OVERLAPPING,
    OVERLAPPING_BACKWARDS,
    PAIRS,
    ZIGZAG,
    "0-0,0-0",
    "0-0,1-1,2-2",
    "5-6,4-4",
    "10-19,10-19,10-19",
)
LIMITS = ("none", "1", "2", "3", "4", "default", "unlimited")

CASES = [
    *(
        case(f"{kind.lower()}-{limit}", f"MaxRange{kind} {limit}", *SETS)
        for kind in ("s", "Overlaps", "Reversals")
        for limit in LIMITS
    ),
    case(
        "of-location",
        "MaxRangeOverlaps none\nMaxRangeReversals none\n"
        "<Location /a.txt>\nMaxRangeOverlaps 4\nMaxRangeReversals 4\n</Location>",
        *SETS,
    ),
    case("many-overlaps", STATIC, *(series(count, 1, 2) for count in (20, 21, 22, 23))),
    case("many-reversals", STATIC, *(series(count, -2, start=99) for count in (20, 21, 22, 23))),
    case("many-reversals-that-overlap", STATIC, *(series(count, -1, start=99) for count in (20, 21, 22, 23))),
    case("more-than-all", STATIC, "0-98,1-99,0-10", "0-59,80-99,40-79", "0-59,70-99,0-59", "0-99,0-99"),
    case("suffixes", STATIC, "-1", "-99", "-100", "-101", "-0", "-", "-5,-5", "-5,0-4", "0-0,-1", "-1,0-0"),
    case(
        "written-oddly",
        STATIC,
        "0-0,",
        ",0-0",
        "0-0,,1-1",
        " 0-0",
        "0 -0",
        "0-0 ",
        "0-0;1-1",
        "0x0-1",
        "+1-2",
        "1--2",
        "0-18446744073709551616",
        "18446744073709551616-",
        "0-9223372036854775807",
        "9223372036854775807-",
        "9223372036854775808-",
        "-9223372036854775807",
        "-9223372036854775808",
        f"0-{'9' * 5000}",
        f"-{'9' * 5000}",
        "99-99",
        "100-100",
        "100-,0-0",
        "100-,200-",
    ),
    _case(
        "units",
        STATIC,
        get("/a.txt", "Range: BYTES=0-0"),
        get("/a.txt", "Range: bytes =0-0"),
        get("/a.txt", "Range: bytes:0-0"),
        get("/a.txt", "Range: bytes"),
        get("/a.txt", "Range:"),
        get("/a.txt", "Range: bytes=0-0", "Range: bytes=2-2"),
        get("/a.txt", "Request-Range: bytes=0-0"),
        get("/a.txt", "Request-Range: bytes=0-0", "User-Agent: MSIE 3"),
    ),
    _case(
        "if-range",
        STATIC,
        *(
            get("/a.txt", "Range: bytes=0-0", f"If-Range: {value}")
            for value in (
                TAG,
                f"W/{TAG}",
                '"other"',
                TAG.strip('"'),
                f'{TAG}, "other"',
                "*",
                "",
                MODIFIED,
                "Sun, 05 May 2024 11:59:59 GMT",
                "Sun, 05 May 2024 12:00:01 GMT",
                "Sunday, 05-May-24 12:00:00 GMT",
                "Sun May  5 12:00:00 2024",
                "rubbish",
            )
        ),
        get("/a.txt", f"If-Range: {TAG}"),
        get("/a.txt", "Range: bytes=500-", f"If-Range: {TAG}"),
        get("/a.txt", "Range: bytes=500-", 'If-Range: "other"'),
        get("/a.txt", "Range: bytes=0-0", f"If-Range: {TAG}", f"If-None-Match: {TAG}"),
        get("/a.txt", "Range: bytes=0-0", 'If-Range: "other"', f"If-None-Match: {TAG}"),
        get("/a.txt", "Range: bytes=0-0", f"If-None-Match: {TAG}"),
        get("/a.txt", "Range: bytes=0-0", f"If-None-Match: W/{TAG}"),
        get("/a.txt", "Range: bytes=0-0", 'If-None-Match: "other"'),
        get("/a.txt", "Range: bytes=0-0", f"If-Range: {TAG}", 'If-None-Match: "other"'),
        get("/a.txt", f"If-Range: {TAG}", f"If-None-Match: {TAG}"),
        get("/a.txt", "Range: bytes=0-0", f"If-Range: {TAG}", f"If-Modified-Since: {MODIFIED}"),
        get("/a.txt", "Range: bytes=0-0", f"If-Range: {MODIFIED}", f"If-Modified-Since: {MODIFIED}"),
        get("/a.txt", "Range: bytes=0-0", f"If-Range: {MODIFIED}", f"If-None-Match: {TAG}"),
        get("/a.txt", "Range: bytes=0-0", f"If-Modified-Since: {MODIFIED}"),
        get("/a.txt", "Range: bytes=500-", f"If-Range: {TAG}", f"If-None-Match: {TAG}"),
        get("/a.txt", "Range: rubbish", f"If-Range: {TAG}", f"If-None-Match: {TAG}"),
        head("/a.txt", "Range: bytes=0-0", f"If-Range: {TAG}", f"If-None-Match: {TAG}"),
        get("/a.txt", "Range: bytes=0-0", f"If-Range: {TAG}", 'If-Match: "other"'),
    ),
    _case(
        "methods",
        STATIC,
        head("/a.txt", "Range: bytes=0-9"),
        head("/a.txt", "Range: bytes=500-"),
        post("/a.txt", "", "Range: bytes=0-9"),
        head("/a.txt", "Range: bytes=0-9", f"If-Range: {TAG}"),
        head("/a.txt", "Range: bytes=0-9", 'If-Range: "other"'),
    ),
    _case(
        "http-1.0",
        STATIC,
        get("/a.txt", "Range: bytes=0-9", http="1.0"),
        get("/a.txt", "Range: bytes=0-9,20-29", http="1.0"),
    ),
    _case("without-tag", "FileETag None", get("/a.txt", "Range: bytes=0-0", f"If-Range: {TAG}"),
          get("/a.txt", "Range: bytes=0-0", f"If-Range: {MODIFIED}")),
    _case(
        "encoded",
        "SetOutputFilter DEFLATE",
        get("/a.txt", "Accept-Encoding: gzip", "Range: bytes=0-9"),
        get("/a.txt", "Accept-Encoding: gzip", "Range: bytes=0-9", f"If-Range: {TAG}"),
        get("/a.txt", "Accept-Encoding: gzip", "Range: bytes=0-9", f"If-Range: {TAG[:-1]}-gzip\""),
        get("/a.txt", "Range: bytes=0-9", f"If-Range: {TAG[:-1]}-gzip\""),
        get("/a.txt", "Range: bytes=0-9", f"If-Range: {TAG}"),
        get("/a.txt", "Range: bytes=0-9,20-29"),
        get("/a.txt", "Range: bytes=500-"),
        get("/a.txt", f"If-None-Match: {TAG[:-1]}-gzip\""),
    ),
]  # fmt: skip
CASES += [
    _case(
        "parts-with-charset",
        "AddDefaultCharset utf-8",
        get("/a.txt", "Range: bytes=0-1,5-6"),
        get("/a.txt", "Range: bytes=0-1"),
    ),
    _case(
        "senseless-dates",
        STATIC,
        *(
            get("/a.txt", f"If-None-Match: {TAG}", f"{name}: {date}")
            for name in ("If-Unmodified-Since", "If-Modified-Since")
            for date in ("never", "0", "", MODIFIED, "Sun, 05 May 2024 11:59:59 GMT")
        ),
        post("/a.txt", "", "If-Unmodified-Since: never"),
        get("/a.txt", "If-Unmodified-Since: never", f"If-Modified-Since: {MODIFIED}"),
    ),
    _case(
        "not-modified-in-a-language",
        "DefaultLanguage en-GB\nAddEncoding br txt",
        get("/a.txt"),
        get("/a.txt", f"If-None-Match: {TAG}"),
        get("/a.txt", "Range: bytes=0-1"),
    ),
]
