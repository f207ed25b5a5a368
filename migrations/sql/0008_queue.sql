-- Shares that come free while a line waits for their item are kept for it: they count as reserved, so that whoever
-- comes newly does not find them. `queued`: for how many the line waits; `kept`: how many of the reserved are its own.

-- The shares of orders that are over are free again: `_reserved` those never paid, `_sold` those that were.
CREATE OR REPLACE FUNCTION give_back(_reserved uuid[], _sold uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE line record;
BEGIN
  FOR line IN SELECT item_id, coalesce(sum(quantity) FILTER (WHERE order_id = ANY (_reserved)), 0)::integer AS reserved,
                     coalesce(sum(quantity) FILTER (WHERE order_id = ANY (_sold)), 0)::integer AS sold
              FROM order_line WHERE order_id = ANY (_reserved || _sold) GROUP BY item_id ORDER BY item_id LOOP
    UPDATE campaign_item SET sold = sold - line.sold,
      available = available + line.reserved + line.sold - least(line.reserved + line.sold, queued - kept),
      reserved = reserved - line.reserved + least(line.reserved + line.sold, queued - kept),
      kept = kept + least(line.reserved + line.sold, queued - kept)
    WHERE id = line.item_id;
  END LOOP;
END $$;

-- The line grows by some who want so many shares. Whatever is left, too little for them, is kept. False: there is
-- enough for them to order.
CREATE FUNCTION join_line(_item uuid, _shares integer, _selling boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  UPDATE campaign_item SET queued = queued + _shares, kept = kept + least(available, _shares),
    reserved = reserved + least(available, _shares), available = available - least(available, _shares)
  WHERE id = _item AND (available < _shares OR NOT _selling);
  RETURN FOUND;
END $$;

-- The line is shorter by so many shares: what is kept beyond what it still waits for is free. `_theirs`: so many of
-- those kept go to who leaves it; they are free for the order that follows in this transaction.
CREATE FUNCTION leave_line(_item uuid, _shares integer, _theirs integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE campaign_item SET queued = queued - _shares,
    available = available + greatest(_theirs, kept - queued + _shares),
    reserved = reserved - greatest(_theirs, kept - queued + _shares),
    kept = kept - greatest(_theirs, kept - queued + _shares)
  WHERE id = _item;
END $$;
