"""What botocore works out for every client, worked out once a process: a method for each action, a name for each event.

Without it a run of a few calls spends a third of its time on that: a model has hundreds of actions.
"""

import functools
from typing import Any

from botocore.client import ClientCreator
from botocore.hooks import EventAliaser, HierarchicalEmitter

_methods = ClientCreator._create_methods  # type: ignore[attr-defined]  # not public
_alias = EventAliaser._alias_event_name  # type: ignore[attr-defined]  # not public
_methods_of: dict[str, dict[str, Any]] = {}


@functools.cache
def _aliased(event_name: str) -> Any:
    return _alias(EventAliaser(HierarchicalEmitter()), event_name)


def _methods_once(creator: Any, service_model: Any) -> dict[str, Any]:
    if service_model.service_name not in _methods_of:
        _methods_of[service_model.service_name] = _methods(creator, service_model)
    return dict(_methods_of[service_model.service_name])


def make_methods_once() -> None:
    """From now on, for all clients of this process. mypy objects to each: they are botocore's own methods."""
    EventAliaser._alias_event_name = lambda _, event_name: _aliased(event_name)  # type: ignore[attr-defined]
    ClientCreator._create_methods = _methods_once  # type: ignore[attr-defined]
