"""What the built layer holds: unpacked, as Lambda counts it against its limit of 250 MB."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.report import Table

# The services that we have clients of, and what every client needs.
CALLED = ("ec2", "eks", "kms", "sns", "ssm")
_MIB = 1024**2
_BLOCK = 512  # bytes, in what stat counts


@dataclass(frozen=True)
class Layer:
    """parts: bytes by what they are, the largest first. on_disk: bytes in whole blocks, as du counts.

    compiled: how many of its files are compiled modules.
    """

    parts: Mapping[str, int]
    on_disk: int
    compiled: int

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(self.parts.values())


def measured(folder: Path) -> Layer:
    """The layer that `sam build` left in this folder."""
    files = [path for path in (folder / "python").rglob("*") if path.is_file()]
    parts: dict[str, int] = {}
    for path in files:
        part = _part(path.relative_to(folder / "python"))
        parts[part] = parts.get(part, 0) + path.stat().st_size
    largest_first = dict(sorted(parts.items(), key=lambda item: -item[1]))
    on_disk = sum(path.lstat().st_blocks for path in folder.rglob("*")) * _BLOCK
    return Layer(largest_first, on_disk, sum(path.suffix == ".pyc" for path in files))


def table(layer: Layer) -> Table:
    """What is smaller than half a MiB, together."""
    large = {part: size for part, size in layer.parts.items() if size >= _MIB / 2}
    sizes = {**large, "the rest": layer.size - sum(large.values()), "all": layer.size, "on a disk": layer.on_disk}
    rows = [(part, f"{size / _MIB:.1f} MiB") for part, size in sizes.items()]
    return Table(["in the layer", "unpacked"], [*rows, ("compiled modules", str(layer.compiled or "none"))])


def _part(path: Path) -> str:
    match path.parts:
        case ("botocore", "data", service, *_) if service in CALLED:
            return f"botocore: models of {', '.join(CALLED)}"
        case ("botocore", "data", *below) if len(below) > 1:
            return "botocore: models of services that are not called"
        case ("botocore", *_):
            return "botocore: code and endpoints"
    return path.parts[0].partition(".dist-info")[0].partition("-")[0].removesuffix(".py")
