"""The door for other features."""

from backend.volunteering.tasks.doors import door_done as door_done
from backend.volunteering.tasks.making import Door as Door
from backend.volunteering.tasks.making import Wanted as Wanted
from backend.volunteering.tasks.making import at_work_on as at_work_on
from backend.volunteering.tasks.making import cancel_tasks as cancel_tasks
from backend.volunteering.tasks.making import holders as holders
from backend.volunteering.tasks.making import holds_task as holds_task
from backend.volunteering.tasks.making import make_tasks as make_tasks
from backend.volunteering.tasks.models import Task as Task
from backend.volunteering.tasks.models import TaskClaim as TaskClaim
from backend.volunteering.tasks.models import TaskKind as TaskKind
from backend.volunteering.tasks.models import TaskStop as TaskStop
from backend.volunteering.tasks.origins import Origin as Origin
from backend.volunteering.tasks.origins import register_origin as register_origin
from backend.volunteering.tasks.standing_down import household_affected as household_affected
from backend.volunteering.tasks.standing_down import stand_down as stand_down
from backend.volunteering.teams.members import volunteer_of as volunteer_of
from backend.volunteering.teams.models import Volunteer as Volunteer
