"""Strategies for what nobody means to send: events and policies, right ones with something wrong in them too."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
POLICY_TEXT = (ROOT / "policy.yaml").read_text()
FULL_POLICY: dict[str, Any] = {
    "time_zone": "Europe/Berlin",
    "paused": False,
    "backup": {
        "tag": "Backup",
        "plans": {
            "nightly": {"schedule": "0 3 * * *", "start_within": "12h", "keep": {"last": 3, "within": "1y2m3d4h"}},
            "hourly": {"schedule": "0 * * * *", "max_delete_percent": 20, "keep": {"hourly": 24, "yearly": -1}},
        },
    },
    "cleanup": {"max_delete_percent": 50, "keep_last_of_deleted_volume": "400d", "check_sharing": True},
    "tagging": {"rules": [{"when": {"type": "t3.*", "tag": {"a": "*"}}, "set": {"b": "c"}}], "propagate": ["team"]},
    "status_check": {"notify": "transitions", "remedy_after": "15m", "max_impaired_percent": 20},
}
STATE_CHANGE: dict[str, Any] = {
    "source": "aws.ec2",
    "detail-type": "EC2 Instance State-change Notification",
    "detail": {"instance-id": "i-0123456789abcdef0", "state": "running"},
}

_DEEP: Any = []
for _ in range(900):  # json itself reads no more
    _DEEP = [_DEEP]

HUGE: list[Any] = [
    "x" * 100_000,
    "\u202e" * 5_000,
    ["x"] * 60_000,
    [0] * 9_000,
    ["i-0123456789abcdef0"] * 20_000,
    {f"k{number}": number for number in range(9_000)},
    [
        {"name": f"n{number}", "cidr": f"10.0.{number // 16}.{number % 16 * 16}/28", "zone": "z"}
        for number in range(4096)
    ],
    [{"name": f"n{number}", "prefix_length": 28} for number in range(500)],
    [f"10.{number // 256}.{number % 256}.0/24" for number in range(999)],
    {f"p{number}": {} for number in range(3_000)},
    _DEEP,
    10**4000,
]
ODD: list[Any] = [
    None, True, 0, -1, -(10**30), 10**30, 1.5, float("nan"), float("inf"), -0.0, "", "\0", "\ud800", "\udfff",
    "a\nb", "\x1b[31m", "\u202e", "٣", "²", "² 3 * * *", "٣d", "0 3 * * *", "0 0 30 2 *", "1-0 * * * *", "*/0 * * * *",
    "2026-11-24", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "10.0.0.0/16", "0.0.0.0/0", "::/0",
    "nightly", "undo", "list", "aws.events", "aws.ec2", "../../etc/passwd", "UTC\0", "Europe", "{{resolve:x}}",
    "i-0123456789abcdef0", "vol-0123456789abcdef0", "i-0123456789abcdef0\n", "<script>", [], [[]], {}, {"": 1},
    {"\ud800": 1}, {"a\nb": []}, [None], ["\ud800"], [float("nan")], [[], {}],
]  # fmt: skip
KEYS = ["", "\ud800", "a\nb", "\x1b", "source", "detail", "dry_run", "policy", "keep", "vpc", "name", "x" * 9_000]

odd = st.one_of(st.sampled_from(ODD), st.integers(), st.floats(), st.text(max_size=300), st.sampled_from(KEYS))
trees = st.recursive(
    odd,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=4)), inner)
    ),
    max_leaves=12,
)
wrong = st.one_of(odd, odd, trees, st.sampled_from(HUGE))


def events_of(job: str) -> list[dict[str, Any]]:
    """The events that this repository shows, and one with the whole of a policy."""
    shown = [json.loads(path.read_text()) for path in (ROOT / "events").glob(f"{job}*.json")]
    one = {"restore": {"instance_id": "i-0123456789abcdef0"}}.get(job, {})
    return [*shown, {**one, "dry_run": True, "policy": FULL_POLICY}, STATE_CHANGE]


@st.composite
def spoiled(draw: st.DrawFn, right: list[Any]) -> Any:
    """One of these with one to three things wrong: a value replaced, a key added, renamed, or taken away."""
    content = copy.deepcopy(draw(st.sampled_from(right)))
    places = list(_places(content))
    for _ in range(draw(st.integers(1, 3))) if places else ():
        place, key = draw(st.sampled_from(places))
        there = key in place if isinstance(place, dict) else key < len(place)
        match draw(st.sampled_from(["replace", "replace", "replace", "wrap", "add", "rename", "remove"])):
            case "wrap" if there:
                place[key] = draw(st.sampled_from([[place[key]], {"a": place[key]}, [place[key]] * 3]))
            case "rename" if there and isinstance(place, dict):
                place[draw(st.sampled_from(KEYS))] = place.pop(key)
            case "remove" if there:
                del place[key]
            case "add" if isinstance(place, dict):
                place[draw(st.one_of(st.sampled_from(KEYS), st.text(max_size=5)))] = draw(wrong)
            case _ if there:
                place[key] = draw(wrong)
    return content


def _places(content: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with each of its keys."""
    pairs = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in pairs:
        yield content, key
        yield from _places(value)


def events(job: str) -> st.SearchStrategy[Any]:
    return st.one_of(spoiled(events_of(job)), spoiled(events_of(job)), trees, wrong)


@st.composite
def policy_texts(draw: st.DrawFn) -> str:
    """policy.yaml with pieces of text cut out, doubled, or replaced by what YAML reads in its own way."""
    text = draw(st.sampled_from([POLICY_TEXT, "", json.dumps(FULL_POLICY), _BOMB, *_ROWS]))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 40)))
        text = text[:start] + draw(_pieces) + text[end:]
    return text


_BOMB = "a: &a [x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
_ROWS = [
    "backup: {plans: {nightly: {keep: {last: VALUE}}}}".replace("VALUE", each)
    for each in (
        "010",
        "1:30",
        "1_0",
        "-2",
        "1e3",
        ".nan",
        ".inf",
        "9" * 5000,
        "0x" + "F" * 4000,
        "!!int ''",
        "!!float x",
    )
]
_pieces = st.one_of(
    st.sampled_from(["&a ", "*a", "<<: ", "!!int ", "!!bool ", "!!binary ", "!!set ", "!!python/name:x ", "---\n"]),
    st.sampled_from(["[" * 3000, "{" * 3000, "- " * 2000, "? " * 2000, "a: " * 2000, "'", "|\n", ">", "\t", "%", "@"]),
    st.sampled_from(["\0", "\ud800", "\x85", "\u2028", "\ufeff", "\x1b", "\u202e", "\r", "😀" * 2000, "x" * 9000]),
    st.sampled_from(["010", "1:30", "-1", "2026-13-45", "null", "~", "{}", "[]", ": ", ", ", "\n", "\n  ", '"', "\\"]),
    st.text(max_size=6),
)  # fmt: skip
