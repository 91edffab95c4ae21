"""botocore's models, read once a process: every run has sessions of its own, each with a loader of its own.

Without it a run spends more time on finding and reading the same files again than on its calls: EC2's model has 4 MB,
and the folders of all services are looked through for every client.
"""

import functools
from typing import Any

from botocore.client import ClientCreator
from botocore.hooks import EventAliaser, HierarchicalEmitter
from botocore.loaders import JSONFileLoader, Loader

_load_file = JSONFileLoader.load_file
_list_services = Loader.list_available_services
_list_versions = Loader.list_api_versions
_methods = ClientCreator._create_methods  # type: ignore[attr-defined]  # not public
_alias = EventAliaser._alias_event_name  # type: ignore[attr-defined]  # not public
_methods_of: dict[str, dict[str, Any]] = {}


@functools.cache
def _loaded(path: str) -> Any:
    return _load_file(JSONFileLoader(), path)


@functools.cache
def _services(type_name: str) -> Any:
    return _list_services(Loader(), type_name)


@functools.cache
def _versions(service_name: str, type_name: str) -> Any:
    return _list_versions(Loader(), service_name, type_name)


@functools.cache
def _aliased(event_name: str) -> Any:
    return _alias(EventAliaser(HierarchicalEmitter()), event_name)


def _methods_once(creator: Any, service_model: Any) -> dict[str, Any]:
    if service_model.service_name not in _methods_of:
        _methods_of[service_model.service_name] = _methods(creator, service_model)
    return dict(_methods_of[service_model.service_name])


def read_models_once() -> None:
    """From now on, for all sessions of this process. mypy objects to each: they are botocore's own methods."""
    JSONFileLoader.load_file = lambda _, path: _loaded(path)  # type: ignore[assignment, method-assign]
    Loader.list_available_services = lambda _, type_name: _services(type_name)  # type: ignore[assignment, method-assign]
    Loader.list_api_versions = lambda _, service, type_name: _versions(service, type_name)  # type: ignore[assignment, method-assign]
    EventAliaser._alias_event_name = lambda _, event_name: _aliased(event_name)  # type: ignore[attr-defined]
    ClientCreator._create_methods = _methods_once  # type: ignore[attr-defined]
