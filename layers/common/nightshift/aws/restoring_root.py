"""Replace a root volume by AWS's own task, and write on both volumes what became of them."""

from datetime import datetime

from nightshift.aws import instances, root_volume
from nightshift.aws.describe import SEEN_AFTER
from nightshift.aws.session import Aws
from nightshift.aws.steps import pause
from nightshift.aws.tagging import create_tags
from nightshift.errors import AwsError, Fault
from nightshift.plan.restore_changes import MOST_TOKENS, ReplaceRoot
from nightshift.plan.restore_marks import Mode, Purpose, replaced_by
from nightshift.plan.restore_root import FAILED_DETACHED, OPEN, SUCCEEDED, RootTask
from nightshift.plan.slots import slot_text
from nightshift.plan.tags import FORMER, REPLACED_BY, RESTORE, RESTORED, RESTORED_FROM


def replace_root(aws: Aws, change: ReplaceRoot) -> str:
    """AwsError: AWS did not replace it; with Fault.WAIT, not yet."""
    marks = {RESTORE: Purpose(Mode.ROOT, change.instance_id, change.device).text, FORMER: change.former_id}
    for attempt in range(MOST_TOKENS + len(change.spent)):
        task = root_volume.replace(aws, change, change.token(attempt), marks)
        if _is_spent(task, change, aws.clock.now()):
            continue
        while task.state in OPEN:
            pause(aws, f"{task.id} is {task.state}")
            task = next(each for each in root_volume.tasks_of(aws, change.instance_id) if each.id == task.id)
        if task.state != SUCCEEDED:
            raise AwsError(task.state, _not_replaced(task, change), Fault.PERMANENT)
        return _mark_roots(aws, change)
    raise AwsError("NoNewTask", "AWS answers with the tasks of earlier restores alone: use replace", Fault.PERMANENT)


def _is_spent(task: RootTask, change: ReplaceRoot, now: datetime) -> bool:
    """AWS answers a token that was used with the task of then, which it may not list any more."""
    return task.id != change.going_on and (task.id in change.spent or now - task.started > SEEN_AFTER)


def _not_replaced(task: RootTask, change: ReplaceRoot) -> str:
    if task.state == FAILED_DETACHED:
        words = f"{change.instance_id} has no root volume now, and {change.former_id} is kept: put one back by replace"
        return f"{task.id}: AWS did not replace the root volume; {words}"
    return f"{task.id}: AWS did not replace the root volume, which is as it was; the same event tries once more"


def _mark_roots(aws: Aws, change: ReplaceRoot) -> str:
    while (new_id := instances.look(aws, change.instance_id).root_volume_id) in (change.former_id, None):
        pause(aws, f"{change.instance_id} still shows {new_id or 'no volume'} as its root")
    value = replaced_by(new_id, change.instance_id, change.device, change.delete_on_termination)
    create_tags(aws, [change.former_id], {REPLACED_BY: value})
    made_for_it = Purpose(Mode.ROOT, change.instance_id, change.device).text
    ended = slot_text(aws.clock.now())
    create_tags(aws, [new_id], {RESTORED_FROM: change.snapshot_id, RESTORE: made_for_it, RESTORED: ended})
    return f"{new_id} is its root volume now"
