"""POST /order {"user", "product", "quantity"}: a basket, one product in it, and oscar's own services from there on."""

import json

from django.core.wsgi import get_wsgi_application

app = get_wsgi_application()  # first: the models below need the apps it loads

from django.contrib.auth import get_user_model  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from oscar.core.loading import get_class, get_model  # noqa: E402

User, Basket, Product = get_user_model(), get_model("basket", "Basket"), get_model("catalogue", "Product")
Applicator = get_class("offer.applicator", "Applicator")
OrderCreator = get_class("order.utils", "OrderCreator")
OrderTotalCalculator = get_class("checkout.calculators", "OrderTotalCalculator")
Repository = get_class("shipping.repository", "Repository")
Selector = get_class("partner.strategy", "Selector")
SurchargeApplicator = get_class("checkout.applicator", "SurchargeApplicator")


def order(request: HttpRequest) -> JsonResponse:
    """What oscar's checkout does after its last page, in the transaction that ATOMIC_REQUESTS opens."""
    asked = json.loads(request.body)
    user = User.objects.get(pk=asked["user"])
    basket = Basket.objects.create(owner=user)
    basket.strategy = Selector().strategy(request=None, user=user)
    product = Product.objects.get(pk=asked["product"])
    available, reason = basket.get_stock_info(product, None).availability.is_purchase_permitted(asked["quantity"])
    if not available:
        return JsonResponse({"reason": str(reason)}, status=409)
    basket.add_product(product, asked["quantity"])
    Applicator().apply(basket, user)
    placed = place(basket, user)
    basket.submit()
    return JsonResponse({"number": placed.number, "total": str(placed.total_incl_tax)}, status=201)


def place(basket, user):
    """The numbers oscar's PaymentDetailsView works out, and its OrderCreator."""
    shipping = Repository().get_default_shipping_method(basket, user=user)
    charge = shipping.calculate(basket)
    surcharges = SurchargeApplicator().get_applicable_surcharges(basket)
    total = OrderTotalCalculator().calculate(basket, charge, surcharges)
    return OrderCreator().place_order(basket, total, shipping, charge, user=user, surcharges=surcharges)


def ready(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"ready": True})


urlpatterns = [path("order", order), path("ready", ready)]
