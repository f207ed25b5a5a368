"""What other packages do when a task of theirs is begun, done or cannot be done."""

from backend.volunteering.tasks.models import Task, TaskClaim, TaskStop


class Origin:
    """Called in the transaction of the claim's step; what it raises refuses the step. Override what matters."""

    def started(self, task: Task, claim: TaskClaim) -> None: ...

    def done(self, task: Task, claim: TaskClaim) -> None: ...

    def failed(self, task: Task, claim: TaskClaim, reason: str) -> None: ...

    def called_off(self, task: Task) -> None:
        """By hand, on the board of tasks: asked before. The origin's own way is cancel_tasks()."""

    def settled(self, task: Task, claim: TaskClaim, stop: TaskStop) -> None:
        """One door has been gone to: `stop.outcome` is `done` or a Failure."""


_origins: dict[str, Origin] = {}
_NOTHING = Origin()


def register_origin(origin_type: str, origin: Origin) -> None:
    _origins[origin_type] = origin


def origin_of(task: Task) -> Origin:
    return _origins.get(task.origin_type or "", _NOTHING)
