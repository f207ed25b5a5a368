"""What a household is told of its money: that it came back."""

from backend.core.inbox import Offer, register, words, yuan
from backend.payments.models import Method

METHODS = {method.value: method.label for method in Method}

register(
    Offer(
        {"refund.succeed": "退款已办好"},
        f"""
SELECT 'refund.succeed' AS kind, r.id, r.succeeded_at AS at, '退款' AS title,
  {yuan("r.amount_fen")} || ' 已退回（' || {words("r.method", METHODS)} || '）。' AS detail,
  p.subject_type, r.subject_id, r.household_id, false AS waits
FROM refund r JOIN payment p ON p.id = r.payment_id
WHERE r.household_id = ANY(%(homes)s) AND r.status = 'succeeded' AND r.method <> 'sponsored'""",
    )
)
