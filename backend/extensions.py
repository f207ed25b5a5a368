"""The Flask extensions. Imports nothing of ours, which is what keeps import cycles away."""

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from flask_migrate import Migrate
from flask_smorest import Api
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

READ, ALONE = "read", "alone"
# What the read-only unit of work now running has borrowed; None in one that may write (core/transaction.py).
reading: ContextVar[Any] = ContextVar("reading", default=None)


class Base(DeclarativeBase):
    """Names every constraint, so that migrations and error messages can speak of it."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class RoutedSession(Session):
    """Sends a read-only unit of work to the engine whose connections PostgreSQL itself holds READ ONLY.

    Those connections are in autocommit: a GET costs its statements and no BEGIN or COMMIT around them.
    """

    def get_bind(self, mapper: Any = None, clause: Any = None, bind: Any = None, **kwargs: Any) -> Any:
        if borrowed := reading.get():
            borrowed.give_back()
            return self._db.engines[READ]
        return super().get_bind(mapper=mapper, clause=clause, bind=bind, **kwargs)


db = SQLAlchemy(model_class=Base, session_options={"class_": RoutedSession})
if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model  # Base, as Flask-SQLAlchemy makes it; every table extends this
api = Api()
migrate = Migrate()
