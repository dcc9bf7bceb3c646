"""What can go wrong with workflows."""

from __future__ import annotations

from etter_common.errors import Conflict, NotFound, Unprocessable


class WorkflowNotFound(NotFound):
    code, title = "WORKFLOW_NOT_FOUND", "There is no such workflow"
    constraint = "fk_user_workflow_history_workflow_id_workflows"


class WorkflowExists(Conflict):
    code, title = "WORKFLOW_EXISTS", "The role has a workflow already"
    constraint = "uq_workflows_company_id_role_id"


class UnknownTasks(Unprocessable):
    code, title = "UNKNOWN_TASKS", "Some tasks are not part of this workflow"


class SharesDoNotSum(Unprocessable):
    code, title = "TIME_SHARES_DO_NOT_SUM", "The time shares of all tasks must sum to 1"


class NotScored(Conflict):
    code, title = "WORKFLOW_NOT_SCORED", "Only a scored workflow can be reviewed"


class NothingToScore(Conflict):
    code, title = "WORKFLOW_HAS_NO_TASKS", "A workflow without tasks has no score"
