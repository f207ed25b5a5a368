"""The contract as served: valid, complete, in two languages; and the service keeps to it, whatever is sent."""

import re

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from backend.core.contract import KEY_HEADER
from backend.core.settings import settings
from tests.cast import MACHIDUN, key
from tests.core.samples import SAMPLES, everything
from tests.factories.races import everyday_or
from tests.groupbuy import samples as group_buy
from tests.medicine import samples as medicine
from tests.medicine import trip_samples as trips
from tests.volunteering import plan_samples as plans
from tests.volunteering import samples as volunteering
from tests.volunteering import task_samples as tasks

HAN = re.compile(r"[一-鿿]")
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
EXAMPLES = everyday_or(20, 6)  # of each operation for each of two roles


@pytest.fixture(scope="module")
def contract(app):
    return app.test_client().get("/api/v1/openapi.json").json


@pytest.fixture(scope="module")
def operations(contract):
    methods = {"get", "post", "put", "patch", "delete"}
    return [
        (path, method, doc)
        for path, item in contract["paths"].items()
        for method, doc in item.items()
        if method in methods
    ]


def test_it_is_valid_openapi_3_1(app, contract):
    assert contract["openapi"].startswith("3.1")
    schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app).validate()


def test_every_operation_has_a_name_of_its_own(operations):
    names = [doc["operationId"] for *_, doc in operations]
    assert len(names) == len(set(names)) > 40
    assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name) for name in names)


def test_every_operation_says_in_two_languages_what_it_does_who_may_and_what_can_go_wrong(operations):
    for path, method, doc in operations:
        chinese, _, english = doc["summary"].partition(" / ")
        where = f"{method} {path}"
        assert HAN.search(chinese) and re.match(r"[A-Z][a-z ]", english) and not HAN.search(english), where
        assert re.match(r"public: .{5,}|signed_in$|[a-z]+:[a-z_]+:[a-z_]+( or [a-z:_]+)*$", doc["x-permission"]), where
        problems = {status for status in doc["responses"] if int(status) >= 400}
        assert "503" in problems and HAN.search(doc["responses"]["503"]["description"]), where
        if doc["security"]:
            assert {"401", "403"} <= problems, where
        for status in problems:
            assert "application/problem+json" in doc["responses"][status]["content"], f"{where} {status}"


def test_acts_take_a_key_and_sign_in_does_not(operations):
    keyed = {doc["operationId"] for *_, doc in operations if KEY_HEADER["name"] in str(doc.get("parameters"))}
    acts = {doc["operationId"] for _, method, doc in operations if method != "get"}
    sessions, looks = (
        {"signIn", "refreshSession", "signOut"},
        {op for op in acts if op.startswith(("reveal", "lookAt", "show", "unpack"))},
    )
    harmless = {"prepay", "checkPayment", "payInDemo", "skipAheadInDemo", "matchCertificate"}  # twice is as once
    assert acts - keyed == sessions | looks | harmless | {"findHouseholdByPhone"} and looks


def test_every_operation_served_is_in_the_contract(app, operations):
    described = {doc["operationId"] for *_, doc in operations}
    views = [getattr(view, "_apidoc", {}).get("operation") for view in app.view_functions.values()]
    served = {declared["id"] for declared in views if declared}
    assert served - described <= {"livez", "readyz", "showDesk", "showApp", "showPublicPlace"}  # probes and pages


def test_the_page_to_browse_it_is_wholly_ours(app):
    client = app.test_client()
    page = client.get("/docs/")
    assert page.status_code == 200
    assert not re.search(r"""(?:src|href|url)\s*[=:(]\s*["']?(?:https?:)?//""", page.text)
    for asset in re.findall(r"""(?:src|href)=["']([^"']+)""", page.text):
        assert client.get(asset).status_code == 200, asset


# Of each part of the contract, two whom it concerns.
ATTACKERS = {
    "wang": "house", "zhou": "house", "he": "group_buy", "hu": "group_buy", "qian": "volunteers", "feng": "volunteers",
    "tang": "medicine", "li": "medicine",
}  # fmt: skip
PARTS = {
    "group_buy": group_buy.SAMPLES,
    "volunteers": {**tasks.SAMPLES, **plans.SAMPLES, **volunteering.SAMPLES},
    "medicine": {**medicine.SAMPLES, **trips.SAMPLES},
}


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize(("who", "part"), ATTACKERS.items())
def test_whatever_is_sent_no_error_of_ours_and_no_undocumented_answer(
    world, app, owner, monkeypatch, tmp_path, who, part, examples
):
    """schemathesis over a community in the middle of things: a case, an application, group buys, tasks and medicine at
    every stage."""
    for name in ("OBJECTION_LIMIT", "REVEAL_LIMIT"):
        monkeypatch.setitem(app.config, name, "100000 per hour")
    monkeypatch.setitem(settings, "FILE_STORAGE", f"file:{tmp_path / 'files'}")
    have = everything(world, app, owner)
    token, faults, attacked = world.hand(who).token, [], 0
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    for result in schema.get_all_operations():
        operation = result.ok()
        name = operation.definition.raw["operationId"]
        if part != next((part for part, samples in PARTS.items() if name in samples), "house"):
            continue
        attacked += 1
        try:
            attack(operation, token, have, SAMPLES[name], examples)
        except (Exception, BaseExceptionGroup) as error:
            faults.append(f"{operation.label}: {type(error).__name__} {str(error)[:700]}")
    assert attacked > 35 and not faults, "\n\n".join(faults)


def attack(operation, token, have, sample, examples):
    sent = 0

    @hypothesis.settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @hypothesis.given(case=operation.as_strategy())
    def send(case):
        nonlocal sent
        sent += 1
        if sent % 2:
            aim(case, have, sample)
        case.headers = {**(case.headers or {}), "Idempotency-Key": key()}
        response = case.call(headers={"Authorization": f"Bearer {token}"})
        case.validate_response(response, checks=list(CHECKS))

    send()


def aim(case, have, sample):
    """At something that is there: by its id, at its revision, and whatever else was made up."""
    named = {name: have.get(sample.at.get(name, name), value) for name, value in (case.path_parameters or {}).items()}
    case.path_parameters = named
    case.query = {**(case.query or {}), **({"place": MACHIDUN} if "place" in (case.query or {}) else {})}
    known = sample.sent(have)
    if isinstance(case.body, dict) and isinstance(known, dict):
        exact = {name: value for name, value in known.items() if name.endswith("_id") or name == "revision"}
        case.body = {**case.body, **exact}
