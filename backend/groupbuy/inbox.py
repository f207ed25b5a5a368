"""What a household is told of its orders: called, ready, refunded in part, asked about, recalled."""

from backend.core.inbox import KIND, Offer, register, still, when, yuan

register(
    Offer(
        {
            "order.get_ready": "可以领取",
            "order.deliver": "已送到门口",
            "order.miss": "没有领取",
            "order.release": "订单已退出并退款",
            "order.expire": "逾期未付款，订单已取消",
        },
        f"""
SELECT {KIND} AS kind, e.id, e.at, c.title,
  CASE WHEN e.action = 'miss' THEN '过了号还没有领取，请打开订单看怎么办。'
       WHEN e.action <> 'get_ready' THEN '打开订单可以看到每一步。'
       WHEN o.delivery = 'door' THEN '会有人送到门口，请留意敲门。'
       ELSE '叫到您的号以后，请到' || c.pickup_place || '领取，不用提前排队。' END AS detail,
  'order' AS subject_type, o.id AS subject_id, o.household_id, e.action = 'miss' AND {still("o")} AS waits
FROM group_order o JOIN campaign c ON c.id = o.campaign_id JOIN audit_event e ON e.subject_id = o.id
WHERE o.household_id = ANY(%(homes)s) AND e.at > %(since)s""",
    )
)
register(
    Offer(
        {"pickup.call": "叫到您的号了"},
        """
SELECT 'pickup.call' AS kind, o.id, p.called_at AS at, c.title,
  p.number || ' 号，请到' || c.pickup_place || '领取。' AS detail,
  'order' AS subject_type, o.id AS subject_id, o.household_id, o.status = 'ready' AND NOT p.waits AS waits
FROM group_order o JOIN pickup p ON p.order_id = o.id JOIN campaign c ON c.id = o.campaign_id
WHERE o.household_id = ANY(%(homes)s) AND p.called_at IS NOT NULL""",
    )
)
register(
    Offer(
        {"substitute.ask": "缺货，问您要不要换"},
        f"""
SELECT 'substitute.ask' AS kind, md5(s.id::text || o.id)::uuid AS id, s.created_at AS at, c.title,
  i.name || '缺货，可以换成' || s.name || '，每份 ' || {yuan("s.price_fen")} || '。请在 ' || {when("s.answer_by")}
  || ' 前答复。' AS detail,
  'order' AS subject_type, o.id AS subject_id, o.household_id, a.answer IS NULL AND s.answer_by > now() AS waits
FROM group_order o JOIN substitute_answer a ON a.order_id = o.id JOIN substitute s ON s.id = a.substitute_id
  JOIN campaign_item i ON i.id = s.item_id JOIN campaign c ON c.id = o.campaign_id
WHERE o.household_id = ANY(%(homes)s)""",
    )
)
register(
    Offer(
        {"waiting.serve": "候补到了", "waiting.serve_part": "候补到一部分"},
        f"""
SELECT {KIND} AS kind, e.id, e.at, c.title,
  CASE WHEN o.status = 'awaiting_payment' THEN '请在 ' || {when("o.pay_by")} || ' 前付款，过时让给下一位邻居。'
       ELSE '已经排到您家，打开订单查看。' END AS detail,
  'order' AS subject_type, o.id AS subject_id, w.household_id, o.status = 'awaiting_payment' AS waits
FROM waiting_entry w JOIN audit_event e ON e.subject_id = w.id JOIN group_order o ON o.id = w.order_id
  JOIN campaign c ON c.id = w.campaign_id
WHERE w.household_id = ANY(%(homes)s)""",
    )
)
register(
    Offer(
        {"change_request.offer": "邻居想把一份订单转给您家"},
        """
SELECT 'change_request.offer' AS kind, r.id, r.created_at AS at, c.title, '接不接手都可以，请答复一声。' AS detail,
  'change_request' AS subject_type, r.id AS subject_id, r.to_household_id AS household_id, r.status = 'open' AS waits
FROM change_request r JOIN campaign c ON c.id = r.campaign_id
WHERE r.to_household_id = ANY(%(homes)s) AND r.kind = 'transfer'""",
    )
)
register(
    Offer(
        {
            "claim.offer": "团长提出退款金额",
            "claim.decline": "团长不同意退款",
            "claim.accept": "同意退款",
            "claim.refuse": "社区裁定不退款",
            "claim.cover": "商品已召回，全额退款",
            "claim.let_stand": "没有及时答复，按团长的意见办结",
        },
        f"""
SELECT {KIND} AS kind, e.id, e.at, c.title || ' · ' || i.name AS title,
  CASE WHEN e.action IN ('offer', 'decline') AND {still("k")} THEN
       CASE e.action WHEN 'offer' THEN '提出退 ' || {yuan("k.offered_fen")} || '，' ELSE '可以请社区裁定，' END
       || '请在 ' || {when("k.answer_by")} || ' 前答复。'
       WHEN k.refund_fen IS NOT NULL THEN '退 ' || {yuan("k.refund_fen")} || '。'
       ELSE '打开售后查看。' END AS detail,
  'claim' AS subject_type, k.id AS subject_id, k.household_id,
  e.action IN ('offer', 'decline') AND {still("k")} AS waits
FROM group_order o JOIN claim k ON k.order_id = o.id JOIN audit_event e ON e.subject_id = k.id
  JOIN campaign c ON c.id = k.campaign_id JOIN campaign_item i ON i.id = k.item_id
WHERE o.household_id = ANY(%(homes)s)""",
    )
)
register(
    Offer(
        {"recall.notice": "商品召回"},
        f"""
SELECT 'recall.notice' AS kind, n.id, n.created_at AS at, c.title || ' · ' || i.name AS title,
  CASE WHEN n.handed_out THEN '请不要食用或使用' ELSE '这一项不再发放' END
  || CASE WHEN n.refund_fen > 0 THEN '，退款 ' || {yuan("n.refund_fen")} ELSE '' END || '。' AS detail,
  'order' AS subject_type, n.order_id AS subject_id, n.household_id, false AS waits
FROM recall_notice n JOIN recall r ON r.id = n.recall_id JOIN campaign c ON c.id = r.campaign_id
  JOIN campaign_item i ON i.id = n.item_id
WHERE n.household_id = ANY(%(homes)s)""",
    )
)
