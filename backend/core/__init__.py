"""The kernel: transactions, idempotency, workflow, audit, permissions, errors. It knows no domain."""
