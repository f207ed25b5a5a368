"""What is told of an application: to whoever files at the place each step that another took, to those who live there
whether it is certified."""

from backend.core.inbox import KIND, Offer, register, still
from backend.core.permissions import Permission

FILES = {"filing": Permission.APPLICATION_FILE}
FILED = """unnest(%(filing)s::text[]) AS held (code)
  JOIN application a ON a.unit_code >= held.code AND a.unit_code < held.code || '~'"""

register(
    Offer(
        {
            "certification.certify": "认定为无疫情小区",
            "certification.suspend": "认定已暂停",
            "certification.restore": "认定已恢复",
            "certification.strike_off": "出现确诊，认定已除名",
            "certification.revoke": "查实弄虚作假，认定已除名",
            "certification.return": "申报退回补正",
            "certification.reject": "申报没有通过",
            "certification.fail": "申报已终止",
            "certification.lapse": "逾期未补正，申报已失效",
            "certification.publish": "申报已公示",
            "certification.freeze": "公示已暂停",
            "certification.resume": "公示已恢复",
        },
        f"""
SELECT {KIND} AS kind, e.id, e.at, p.name AS title,
  CASE WHEN e.action = 'return' AND {still("a")} THEN '要补正 ' || cardinality(a.reopened) || ' 项，改好后重新提交。'
       WHEN e.action = 'suspend' THEN '因认定而放宽的出入安排同时停止，恢复时会告诉您。'
       WHEN e.action IN ('strike_off', 'revoke') THEN '因认定而放宽的出入安排同时停止。满足条件后可以重新申报。'
       WHEN e.action IN ('certify', 'restore') THEN '出入安排随之放宽，详情见小区公开页。'
       ELSE '打开申报查看原因和下一步。' END AS detail,
  CASE WHEN mine.files THEN 'certification' ELSE 'place' END AS subject_type,
  CASE WHEN mine.files THEN a.id::text ELSE a.unit_code END AS subject_id,
  NULL::uuid AS household_id, e.action = 'return' AND {still("a")} AS waits
FROM (
  SELECT id, bool_or(files) AS files FROM (
    SELECT a.id, true AS files FROM {FILED}
    UNION ALL
    SELECT id, false FROM application WHERE unit_code = ANY(%(around)s)) found
  GROUP BY id) mine
  JOIN application a ON a.id = mine.id JOIN place p ON p.code = a.unit_code JOIN audit_event e ON e.subject_id = a.id
WHERE e.at > %(since)s AND e.actor_id IS DISTINCT FROM %(user)s
  AND (mine.files OR e.action IN ('certify', 'suspend', 'restore', 'strike_off', 'revoke'))""",
        FILES,
    )
)
register(
    Offer(
        {"objection.raise": "公示收到异议"},
        f"""
SELECT 'objection.raise' AS kind, o.id, o.created_at AS at, p.name AS title,
  '区指挥部受理后公示会暂停，答复以后继续。' AS detail,
  'certification' AS subject_type, a.id AS subject_id, NULL::uuid AS household_id, false AS waits
FROM {FILED} JOIN objection o ON o.application_id = a.id JOIN place p ON p.code = a.unit_code""",
        FILES,
    )
)
