"""Every error that Nightshift raises, as one tree.

NightshiftError
├── RequestError   the event is wrong: names the field, its value and what was expected
├── PolicyError    the policy is missing or wrong: names the key and what was expected
├── ReadError      AWS could not be read whole: nothing was planned, nothing changed
├── RunFailed      an unattended run had failures or was refused; its outcome is in the log
└── AwsError       one AWS call was not answered with yes; ends as a failed decision or a ReadError
"""

from enum import Enum

from nightshift.text import visible


class NightshiftError(Exception):
    """The base of all that Nightshift raises on purpose. What it says is one line: Lambda logs it as it is."""

    def __init__(self, words: str) -> None:
        super().__init__(visible(words))


class RequestError(NightshiftError):
    """The event is wrong. Nothing has been called yet."""


class PolicyError(NightshiftError):
    """The policy is missing or wrong. Nothing has been changed."""


class ReadError(NightshiftError):
    """The inventory could not be read whole, so nothing was planned."""


class RunFailed(NightshiftError):  # noqa: N818 - the contract's name: a run failed, not one call
    """A run that no person waits for failed in part or was refused, after its outcome was logged."""


class Fault(Enum):
    """What AWS's refusal means for the change that met it."""

    GONE = "the resource is not there any more"
    IN_USE = "something else uses the resource"
    WAIT = "this resource is busy: the same call may work later"
    WAIT_ALL = "an account-wide limit is reached: every such call must wait"
    STOP = "no further call of this run can work"
    UNKNOWN = "nobody knows whether the call took effect"
    TAGS = "AWS does not take these tags"
    PERMANENT = "the same call will be refused again"


class AwsError(NightshiftError):
    """One AWS call was not answered with yes.

    code: AWS's own error code, or the exception's class name where there was no answer.
    """

    def __init__(self, code: str, message: str, fault: Fault) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.fault = code, visible(message), fault
