"""The door for other features: nothing yet but the words of a request's states."""

from backend.medicine.requests.models import RequestStatus as RequestStatus
