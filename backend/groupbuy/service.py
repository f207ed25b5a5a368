"""The door for other features: what they do once goods have come (deliveries to make, shifts to fill), and
once nothing is left of them."""

from backend.groupbuy.arrivals.service import on_arrival as on_arrival
from backend.groupbuy.handout.brought import Arrival as Arrival
from backend.groupbuy.handout.brought import ToBring as ToBring
from backend.groupbuy.handout.brought import arrival_of as arrival_of
from backend.groupbuy.handout.brought import brought as brought
from backend.groupbuy.handout.brought import not_at_home as not_at_home
from backend.groupbuy.handout.brought import to_the_door as to_the_door
from backend.groupbuy.handout.service import on_hand_out as on_hand_out
from backend.groupbuy.settlement.service import on_end as on_end
