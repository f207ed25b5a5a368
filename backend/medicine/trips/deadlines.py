"""What the clock does: nobody waits at a counter, nothing is warm and unnoticed, no offer and no day stays open."""

from sqlalchemy import select

from backend.core import clock
from backend.core.jobs import each_alone, job
from backend.medicine.delivery import service as delivery
from backend.medicine.goods import service as goods
from backend.medicine.money import service as money
from backend.medicine.trips import buying
from backend.medicine.trips.models import MedicineTrip
from backend.medicine.trips.workflow import OVER

ROUND = 500


@job("medicine.stop_waiting", every="* * * * *")
def stop_waiting() -> None:
    buying.stop_waiting()


@job("medicine.cold_chain", every="* * * * *", edge=False)
def cold_chain() -> None:
    each_alone(delivery.watch_the_cold, delivery.overdue_in_the_cold().limit(ROUND))


@job("medicine.lapse_offers", every="*/5 * * * *")
def lapse_offers() -> None:
    goods.lapse_offers()


@job("medicine.end_the_day", every="30 13 * * *", edge=False)
def end_the_day() -> None:
    """At half past nine in the evening in Shanghai, trip by trip, all of the city's."""
    due = select(MedicineTrip.id).where(MedicineTrip.day <= clock.today(), MedicineTrip.status.not_in(OVER))
    each_alone(money.end_the_day, due.order_by(MedicineTrip.id))
