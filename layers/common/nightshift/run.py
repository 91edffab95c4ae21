"""The spine of every job: event -> request -> inventory -> plan -> guard -> apply -> outcome."""

import gc
from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from nightshift.aws.parameters import stored_policy
from nightshift.aws.session import Aws, reserve_of
from nightshift.clock import Clock, SystemClock
from nightshift.errors import AwsError, ReadError, RunFailed
from nightshift.job import Job
from nightshift.outcome import Outcome, Plan, Result, Status, completed, dry, in_order, remaining
from nightshift.policy import Policy
from nightshift.report.log import log_outcome, logger
from nightshift.report.metrics import emit
from nightshift.request import Call, Request, parse, policy_to_try
from nightshift.settings import Settings
from nightshift.text import visible

PAUSED = "paused by the policy"

# A page of 1,000 snapshots is 25,000 objects that all live until it is read: at its default of 2,000 the collector
# looks through them again and again, in vain, for a tenth of a large run's CPU. Its older generations come sooner in
# return, so that a process that stays warm does not grow.
gc.set_threshold(100_000, 2, 2)


def run[R: Request, I](
    job: Job[R, I], event: Any, context: LambdaContext, clock: Clock | None = None
) -> dict[str, Any]:
    """Do one run and answer its outcome.

    RequestError, PolicyError, ReadError: there was no plan, and nothing has been changed. RunFailed: a run that
    no person waits for failed in part or was refused; its outcome stands in the log.
    """
    logger.append_keys(job=job.name, run_id=context.aws_request_id)
    try:
        return _run(job, event, context, clock or SystemClock())
    except Exception as error:
        logger.error(f"{job.name}: {type(error).__name__}: {error}")
        raise


def _run[R: Request, I](job: Job[R, I], event: Any, context: LambdaContext, clock: Clock) -> dict[str, Any]:
    started = clock.now()
    call = parse(event, job.request)
    to_try = policy_to_try(call.request)
    aws = _connect(context, clock, read_only=call.request.dry_run)
    policy, inventory = _read(job, aws, call.request, to_try, started)
    plan = job.plan(inventory, call.request, policy, started)
    refused = PAUSED if policy.paused else job.guard(inventory, plan, call.request, policy)
    outcome = Outcome(
        job=job.name,
        run_id=context.aws_request_id,
        account=aws.account,
        region=aws.region,
        dry_run=call.request.dry_run,
        started=started,
        results=in_order(_carried_out(job, aws, plan, call.request.dry_run, refused), stepwise=job.stepwise),
        seconds=(clock.now() - started).total_seconds(),
        refused=visible(refused) if refused else None,
        calls=dict(aws.calls),
        notes=[visible(note) for note in plan.notes],
        gauges=plan.gauges,
        tables=plan.tables,
        plan_gauges=plan.plan_gauges,
    )
    return _answer(outcome, call, aws.settings.stack_tag)


def _connect(context: LambdaContext, clock: Clock, read_only: bool) -> Aws:
    """The account is that of the function's own ARN, arn:aws:lambda:<region>:<account>:..."""
    account = context.invoked_function_arn.split(":")[4]
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    reserve = reserve_of(left)
    return Aws(account, Settings.from_environment(), clock, clock.now() + left - reserve, read_only, reserve)


def _read[R: Request, I](
    job: Job[R, I], aws: Aws, request: R, to_try: Policy | None, now: datetime
) -> tuple[Policy, I]:
    try:
        policy = to_try or stored_policy(aws)
        request.check(policy)
        return policy, job.read(aws, request, policy, now)
    except AwsError as error:
        raise ReadError(
            f"{job.name}: {aws.region} could not be read whole, so nothing was planned and nothing changed; "
            f"the next run reads again. AWS: {error}"
        ) from error


def _carried_out[R: Request, I](
    job: Job[R, I], aws: Aws, plan: Plan, dry_run: bool, refused: str | None
) -> list[Result]:
    if dry_run:
        return dry(plan)
    if refused:
        return remaining(plan)
    return completed(plan, job.apply(aws, plan.changes))


def _answer(outcome: Outcome, call: Call[Any], stack_tag: str) -> dict[str, Any]:
    answer = outcome.to_dict()
    log_outcome(outcome, answer, call.by_person)
    if not outcome.dry_run:
        emit(outcome, stack_tag)
    in_vain = outcome.counts[Status.FAILED] > 0 or outcome.refused not in (None, PAUSED)
    if in_vain and not call.by_person:
        raise RunFailed(outcome.summary)
    return answer
