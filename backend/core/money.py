"""How an amount is written. Money is whole fen everywhere else."""


def yuan(fen: int) -> str:
    """-1234 → -12.34, without a float in between."""
    sign, rest = "-" if fen < 0 else "", abs(fen)
    return f"{sign}{rest // 100}.{rest % 100:02d}"
