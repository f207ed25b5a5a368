"""`python -m bench.oscar.fill BUYERS`: the tables, product 1 that never runs out, and users 1 to BUYERS."""

import sys

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from oscar.core.loading import get_model  # noqa: E402

STOCK = 1_000_000_000


def product() -> None:
    kind = get_model("catalogue", "ProductClass").objects.create(name="vegetables")
    made = get_model("catalogue", "Product").objects.create(pk=1, product_class=kind, title="A bag of vegetables")
    partner = get_model("partner", "Partner").objects.create(name="farm")
    made.stockrecords.create(partner=partner, partner_sku="bag", price="9.90", num_in_stock=STOCK)


def buyers(number: int) -> None:
    user = get_user_model()
    user.objects.bulk_create(
        user(pk=n, username=f"buyer{n}", email=f"buyer{n}@example.org") for n in range(1, number + 1)
    )


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    product()
    buyers(int(sys.argv[1]))
