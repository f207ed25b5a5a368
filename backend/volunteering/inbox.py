"""What a volunteer is told of their tasks, and a second officer of appointments that wait for them."""

from backend.core.inbox import KIND, Offer, register, still, when, words
from backend.core.permissions import Permission, Role

ROLES = {role.value: role.label for role in Role}

register(
    Offer(
        {
            "task_claim.assign": "给您指派了一项任务",
            "task_claim.cancel": "您的任务取消了",
            "task_claim.expire": "保留时间已过，任务已让给别人",
            "task_claim.verify": "您做的任务已核实",
            "task_claim.reject": "核实没有完成",
        },
        f"""
SELECT {KIND} AS kind, e.id, e.at, t.title,
  CASE e.action WHEN 'assign' THEN {when("c.starts_at")} || ' 开始。能去请接受，不能去请直说，没有人会怪您。'
       WHEN 'expire' THEN '没有关系，以后还可以再领。'
       ELSE '原定 ' || {when("c.starts_at")} || ' 开始。' END AS detail,
  'task_claim' AS subject_type, c.id AS subject_id, NULL::uuid AS household_id,
  e.action = 'assign' AND {still("c")} AS waits
FROM volunteer v JOIN task_claim c ON c.volunteer_id = v.id AND c.ends_at > %(since)s JOIN task t ON t.id = c.task_id
  JOIN audit_event e ON e.subject_id = c.id
WHERE v.user_id = %(user)s AND e.actor_id IS DISTINCT FROM v.user_id""",
    )
)
# What was answered is no longer here: the task itself is, for whoever took it.
register(
    Offer(
        {"task_hand_over.offer": "有人想把任务交接给您"},
        f"""
SELECT 'task_hand_over.offer' AS kind, h.id, h.created_at AS at, t.title,
  {when("c.starts_at")} || ' 开始。清单核对无误再签收。' AS detail,
  'task_hand_over' AS subject_type, h.id AS subject_id, NULL::uuid AS household_id, c.lease_until IS NOT NULL AS waits
FROM volunteer v JOIN task_hand_over h ON h.to_volunteer_id = v.id AND h.accepted IS NULL
  JOIN task_claim c ON c.id = h.claim_id JOIN task t ON t.id = c.task_id
WHERE v.user_id = %(user)s AND v.left_at IS NULL""",
    )
)
register(
    Offer(
        {"appointment.propose": "有一项任命等您确认"},
        f"""
SELECT 'appointment.propose' AS kind, a.id, a.created_at AS at, p.name AS title,
  {words("a.role", ROLES)} || '：提出任命的人与本人有亲属关系，要由另一位负责人确认。' AS detail,
  'appointment' AS subject_type, a.id AS subject_id, NULL::uuid AS household_id, true AS waits
FROM unnest(%(appoints)s::text[]) AS held (code)
  JOIN appointment a ON a.place_code >= held.code AND a.place_code < held.code || '~'
  JOIN place p ON p.code = a.place_code
WHERE a.status = 'waiting' AND a.asked_by <> %(user)s""",
        {"appoints": Permission.ROLE_APPOINT},
    )
)
