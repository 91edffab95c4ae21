"""How a correction replaces a piece of moto, and how it answers with an AWS error."""

from collections.abc import Callable
from typing import Any

from moto.core.exceptions import ServiceException
from moto.ec2.exceptions import EC2ClientError

_replacements: list[tuple[Any, str, Any]] = []


def corrects[F: Callable[..., Any]](owner: Any, name: str | None = None) -> Callable[[F], F]:
    """Decorator: this function takes the place of `owner.name` (default: its own name) once installed."""

    def register(function: F) -> F:
        replaces(owner, name or function.__name__, function)
        return function

    return register


def replaces(owner: Any, name: str, value: Any) -> None:
    """The same for what is no function: a property, a name in a module."""
    _replacements.append((owner, name, value))


def apply_all() -> None:
    for owner, name, value in _replacements:
        setattr(owner, name, value)


def refusal(code: str, message: str, kind: type[ServiceException] = EC2ClientError) -> ServiceException:
    """AWS's "no", to be raised. moto finds the service by the module of the exception's class."""
    return kind(code, message)


def own(backend: Any, name: str) -> dict[Any, Any]:
    """A table of our own on a moto backend; it goes when moto resets the backend."""
    table: dict[Any, Any] = vars(backend).setdefault(f"nightshift_{name}", {})
    return table
