"""The one message of a run: what it says, and that neither hostile names nor outages break it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.plan.health import Announced, Event, State
from nightshift.plan.remedies import Care
from nightshift.plan.transition import Transition, left_stopped
from nightshift.report.mail import Message, one_line
from nightshift.report.message import compose, console_link, headline

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OK = State()
IMPAIRED = State(frozenset({"instance"}))


def care(number: int, before: State = OK, after: State = IMPAIRED, *, name: str = "web", zone: str = "a") -> Care:
    change = Transition(Announced(before), after, NOW)
    return Care(f"i-{number:017x}", name, f"eu-central-1{zone}", change)


def message(*cares: Care) -> Message:
    made = compose(cares, "eu-central-1")
    assert made is not None
    return made


def test_nothing_to_tell() -> None:
    assert compose([], "eu-central-1") is None
    assert compose([Care("i-1", "web", "eu-central-1a")], "eu-central-1") is None
    assert headline([]) == ""


def test_it_says_instance_name_check_since_what_to_do_and_where() -> None:
    made = message(care(1))
    assert made.subject == "Nightshift eu-central-1: web: became impaired: instance status check fails"
    assert made.text == (
        "eu-central-1: 1 instance became impaired\n"
        "\n"
        "BECAME IMPAIRED\n"
        'i-00000000000000001 "web" in eu-central-1a\n'
        "  became impaired: instance status check fails, since 2026-11-24T12:00:00Z\n"
        "  to do: its operating system does not answer: look at its system log and screenshot, then reboot it\n"
        "  https://eu-central-1.console.aws.amazon.com/ec2/home?region=eu-central-1"
        "#InstanceDetails:instanceId=i-00000000000000001"
    )


def test_the_most_severe_first() -> None:
    event = State(events=frozenset({"system-reboot"}))
    made = message(
        care(1, event, OK),
        care(2, IMPAIRED, OK),
        care(3, State(frozenset({"ebs", "system"})), State(frozenset({"ebs"}))),
        care(4, OK, event),
        care(5),
        care(6, IMPAIRED, OK),
    )
    assert made.subject.startswith("Nightshift eu-central-1: 1 instance became impaired; 1 instance has a new")
    headings = [line for line in made.text.splitlines() if line.isupper() or line.startswith("STILL")]
    assert headings == [
        "BECAME IMPAIRED",
        "SCHEDULED EVENT",
        "STILL IMPAIRED, BUT LESS",
        "RECOVERED",
        "SCHEDULED EVENT IS OVER",
    ]
    order = [line.split()[0] for line in made.text.splitlines() if line.startswith("i-")]
    assert [int(each[2:]) for each in order] == [5, 4, 3, 2, 6, 1]


def test_what_a_remedy_left_stopped_comes_first_and_says_only_to_start_it() -> None:
    left = left_stopped(Announced(IMPAIRED, NOW), NOW)
    made = message(care(1), Care("i-2", "db", "eu-central-1b", left))
    assert made.subject.startswith(
        "Nightshift eu-central-1: 1 instance was left stopped by a remedy; 1 instance became"
    )
    entry = made.text.split("LEFT STOPPED BY A REMEDY\n")[1].split("BECAME IMPAIRED")[0]
    _, words, to_do, *_ = entry.splitlines()
    assert words == "  stopped by the remedy of 2026-11-24T12:00:00Z and not started again: start it"
    assert to_do.startswith("  to do: start it: no run of Nightshift does that any more")
    assert "system log" not in entry


def test_an_event_says_when_and_what_to_do() -> None:
    after = State(events=frozenset({"instance-retirement"}))
    event = Event("instance-retirement", not_before=datetime(2026, 12, 1, tzinfo=UTC))
    made = message(Care("i-1", "db", "eu-central-1b", Transition(Announced(), after, NOW, ahead=(event,))))
    assert "scheduled event instance-retirement: not before 2026-12-01T00:00:00Z" in made.text
    assert "to do: its host is given up: stop and start it before then" in made.text


def test_an_event_of_a_kind_that_is_not_known_yet() -> None:
    made = message(care(1, after=State(events=frozenset({"new-kind"}))))
    assert "to do: see the event in the console" in made.text


def test_it_says_what_nightshift_does_about_it() -> None:
    known = care(1)
    made = message(
        Care(known.instance_id, "web", known.zone, known.transition, remedy_words="Nightshift reboots it now")
    )
    assert "\n  Nightshift reboots it now\n" in made.text


def test_a_zone_outage_is_one_mail_that_says_so() -> None:
    made = message(*(care(number) for number in range(2000)))
    first, *lines = made.text.splitlines()
    assert first == "eu-central-1: 2,000 instances became impaired, all in eu-central-1a: probably the zone"
    assert made.subject.startswith("Nightshift eu-central-1: 2,000 instances became impaired, all in eu-central-1a")
    assert len(made.text.encode()) <= 262_144
    shown = sum(line.startswith("i-") for line in lines)
    assert lines[-1] == f"... and {2000 - shown:,} more"


def test_most_of_a_zone_and_some_others() -> None:
    cares = [care(number) for number in range(95)] + [care(number, zone="b") for number in range(95, 100)]
    assert headline(cares) == "100 instances became impaired, 95 of them in eu-central-1a: probably the zone"


def test_a_few_instances_are_no_zone() -> None:
    assert headline([care(number) for number in range(9)]) == "9 instances became impaired"
    spread = [care(number, zone="ab"[number % 2]) for number in range(20)]
    assert headline(spread) == "20 instances became impaired"


HOSTILE = [
    "web\r\nBcc: everyone@example.com",
    "\x00\x1b[31mred\x07",
    "abc\u202egnp.exe",
    "zero\u200bwidth\u2028line\u2029paragraph\x85next",
    "\ud800lone",
    "日本語 server",
    " " * 256,
    "x" * 256,
    "",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_in_their_line(name: str) -> None:
    made, plain = message(care(1, name=name)), message(care(1))
    assert len(made.text.splitlines()) == len(plain.text.splitlines())
    assert all(character.isprintable() for line in made.text.split("\n") for character in line)
    assert max(len(line) for line in made.text.splitlines()) < 200


@given(st.text(max_size=256), st.text(max_size=256))
def test_any_name_gives_a_message_that_sns_takes(name: str, words: str) -> None:
    one = care(1, name=name)
    made = message(Care(one.instance_id, name, one.zone, one.transition, remedy_words=words))
    assert made.subject.isascii()
    assert made.subject.isprintable()
    assert 0 < len(made.subject) < 100
    assert len(made.text.encode()) <= 262_144
    assert "\r" not in made.text


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    line = one_line(text, 40)
    assert len(line) <= 40
    assert line.splitlines() in ([], [line])
    assert one_line(line, 40) == line


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-east-1", "us-east-1.console.aws.amazon.com"),
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_the_console_of_each_partition(region: str, host: str) -> None:
    assert console_link(region, "i-1") == f"https://{host}/ec2/home?region={region}#InstanceDetails:instanceId=i-1"
