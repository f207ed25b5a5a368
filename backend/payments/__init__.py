"""Payments: a double-entry ledger in fen, payments in parts, refunds to whoever paid; tables `ledger_*`, `payment`,
`refund`. Residents pay, organisers and the community record cash; what is paid for registers itself in payables.py."""
