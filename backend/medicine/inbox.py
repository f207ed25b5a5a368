"""What a household is told of its medicine: never which one, and nothing once the request is erased."""

from backend.core.inbox import KIND, Offer, register, still, when, words, yuan
from backend.medicine.requests.models import Paper

PAPERS = {paper.value: paper.label for paper in Paper}
OURS = "FROM medicine_request r"
OF_HOMES = "WHERE r.household_id = ANY(%(homes)s) AND r.erased_on IS NULL"

register(
    Offer(
        {
            "medicine_request.ask_info": "需要您补充说明",
            "medicine_request.hold": "要凭处方或医保卡购买",
            "medicine_request.be_unavailable": "这次没有买到",
            "medicine_request.deliver": "正在送药上门",
            "medicine_request.hand_over": "药已送到",
            "medicine_request.lapse": "逾期未办，已取消",
        },
        f"""
SELECT {KIND} AS kind, e.id, e.at, '代购药品' AS title,
  CASE e.action WHEN 'ask_info' THEN '核对的人有一个问题，回答后才能去买。'
       WHEN 'hold' THEN '请把处方或医保卡交给来取的人，双方签字。'
       WHEN 'deliver' THEN '请备好收药码，开门时出示。'
       WHEN 'be_unavailable' THEN '会重新安排，不用再填一次。'
       ELSE '打开需求查看。' END AS detail,
  'medicine_request' AS subject_type, r.id AS subject_id, r.household_id,
  e.action IN ('ask_info', 'hold', 'deliver') AND {still("r")} AS waits
{OURS} JOIN audit_event e ON e.subject_id = r.id
{OF_HOMES} AND e.at > %(since)s""",
    )
)
register(
    Offer(
        {
            "medicine_question.price": "药价超出您定的最高价",
            "medicine_question.substitute": "原来的药没有，问您要不要换",
        },
        f"""
SELECT 'medicine_question.' || q.kind AS kind, q.id, q.created_at AS at, '代购药品' AS title,
  '这一项一共 ' || {yuan("q.fen")} || '，您答复以后才会付钱。' AS detail,
  'medicine_request' AS subject_type, r.id AS subject_id, r.household_id,
  q.accepted IS NULL AND l.status = 'substitute_pending' AS waits
{OURS} JOIN medicine_line l ON l.request_id = r.id JOIN medicine_question q ON q.line_id = l.id
{OF_HOMES}""",
    )
)
register(
    Offer(
        {"medicine_offer.make": "社区有您要的药"},
        f"""
SELECT 'medicine_offer.make' AS kind, o.id, o.created_at AS at, '代购药品' AS title,
  '没有拆封，就是您要的那一种。请在 ' || {when("o.answer_by")} || ' 前答复。' AS detail,
  'medicine_request' AS subject_type, r.id AS subject_id, r.household_id,
  o.status = 'offered' AND o.answer_by > now() AS waits
{OURS} JOIN medicine_offer o ON o.request_id = r.id
{OF_HOMES}""",
    )
)
register(
    Offer(
        {"custody_receipt.take": "证件已交出，请签字", "custody_receipt.give_back": "证件已交还，请签字"},
        f"""
SELECT {KIND} AS kind, e.id, e.at, {words("p.what", PAPERS)} AS title,
  CASE e.action WHEN 'take' THEN '签字以后，由来取的人负责保管。' ELSE '确认收到后签字。' END AS detail,
  'medicine_request' AS subject_type, r.id AS subject_id, r.household_id, {still("p")} AS waits
{OURS} JOIN custody_receipt p ON p.request_id = r.id JOIN audit_event e ON e.subject_id = p.id
{OF_HOMES}""",
    )
)
