"""Photos on their way from a browser to the people who decide, and files that only look like photos."""

import io
import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit, urlunsplit

import httpx
import pytest
from PIL import ExifTags, Image

from tests.corpus import HOSTILE, JPEG, PNG, SECRET, UPLOADS, WEBP, Upload, plain_photo
from tests.e2e.market import Market, Sale, application, body, evidence, refusal, wait
from tools.desk import Person, upload

pytestmark = pytest.mark.e2e

MAX_BYTES = 10 * 1024 * 1024
# Refused before there is a file: what the API does not take as a promise, or storage as an upload.
NEVER_UPLOADED = {"nothing", "JPEG as GIF"}


def needing_a_photo(market: Market) -> tuple[Sale, str]:
    """A case that the policy approves as soon as it has one good photo."""
    sale = market.sell()
    case_id = str(market.apply(sale, reason="damaged")["case_id"])
    market.until(sale, case_id, "evidence_required")
    return sale, case_id


def with_a_photo(market: Market, content: bytes, content_type: str = JPEG) -> tuple[Sale, str, str]:
    """The same after that photo."""
    sale, case_id = needing_a_photo(market)
    evidence_id = market.show(sale, case_id, content, content_type)
    market.until(sale, case_id, "completed")
    return sale, case_id, evidence_id


def view(person: Person, case_id: str, evidence_id: str) -> str:
    """The link that somebody is given."""
    return str(body(person.get(f"cases/{case_id}/evidence/{evidence_id}"))["url"])


@pytest.mark.parametrize(
    "file",
    [pytest.param(file, id=name) for name, file in HOSTILE.items() if name not in NEVER_UPLOADED],
)
def test_a_hostile_file_is_refused_with_its_reason_and_a_good_photo_still_completes_the_case(
    market: Market, file: Upload
) -> None:
    sale, case_id = needing_a_photo(market)

    evidence_id = market.show(sale, case_id, file.build(), file.declared_type)

    found = market.looked_at(sale, case_id, evidence_id)
    assert (found["state"], found["reason"], found["sha256"]) == ("refused", file.refused, None)
    assert market.case(sale, case_id)["status"] == "evidence_required"
    answer = sale.buyer.get(f"cases/{case_id}/evidence/{evidence_id}")
    assert refusal(answer) == (409, "evidence_not_ready")
    market.show(sale, case_id, plain_photo())
    market.until(sale, case_id, "completed")


def test_a_type_that_is_no_photo_is_no_promise(market: Market) -> None:
    sale, case_id = needing_a_photo(market)
    promise = {"filename": "photo.gif", "content_type": UPLOADS["JPEG as GIF"].declared_type, "size": 100}

    assert refusal(sale.buyer.post(f"cases/{case_id}/evidence", promise)) == (422, "invalid_request")


def test_an_empty_file_is_neither_promised_nor_taken_by_storage(market: Market) -> None:
    sale, case_id = needing_a_photo(market)
    promise = {"filename": "photo.jpg", "content_type": JPEG, "size": 0}
    assert refusal(sale.buyer.post(f"cases/{case_id}/evidence", promise)) == (422, "invalid_request")

    form = market.promise(sale, case_id, plain_photo(), JPEG)["upload"]
    answer = upload(form, b"")

    assert answer.status_code == 400
    assert "EntityTooSmall" in answer.text


def test_more_than_ten_megabytes_are_not_promised(market: Market) -> None:
    sale, case_id = needing_a_photo(market)
    promise = {"filename": "photo.jpg", "content_type": JPEG, "size": MAX_BYTES + 1}

    answer = sale.buyer.post(f"cases/{case_id}/evidence", promise)

    assert refusal(answer) == (422, "invalid_request")
    assert answer.json()["errors"][0]["field"] == "size"


@pytest.mark.parametrize(
    ("change", "content", "said"),
    [
        pytest.param({}, plain_photo() + b"!", "EntityTooLarge", id="a byte more than was promised"),
        pytest.param({}, plain_photo()[:-1], "EntityTooSmall", id="a byte less than was promised"),
        pytest.param({"Content-Type": "text/html"}, plain_photo(), "AccessDenied", id="another type"),
        pytest.param({"key": "incoming/elsewhere"}, plain_photo(), "AccessDenied", id="another key"),
        pytest.param({"key": "clean/cases/${case}/e1"}, plain_photo(), "AccessDenied", id="past the check"),
        pytest.param({"acl": "public-read"}, plain_photo(), "AccessDenied", id="a field more"),
        pytest.param({"policy": "e30="}, plain_photo(), "", id="another policy"),
        pytest.param({"x-amz-signature": "0" * 64}, plain_photo(), "", id="another signature"),
    ],
)
def test_storage_refuses_what_the_form_was_not_made_for(
    market: Market, change: dict[str, str], content: bytes, said: str
) -> None:
    sale, case_id = needing_a_photo(market)
    added = market.promise(sale, case_id, plain_photo(), JPEG)
    changed = {name: value.replace("${case}", case_id) for name, value in change.items()}

    answer = upload(added["upload"] | {"fields": added["upload"]["fields"] | changed}, content)

    assert answer.status_code in (400, 403), answer.text
    assert said in answer.text
    found = evidence(market.case(sale, case_id), added["evidence"]["evidence_id"])
    assert found["state"] == "awaiting_upload"


def test_the_form_of_one_case_cannot_write_to_another(market: Market) -> None:
    (sale, case_id), (victim, other_id) = needing_a_photo(market), needing_a_photo(market)
    form = market.promise(sale, case_id, plain_photo(), JPEG)["upload"]
    market.promise(victim, other_id, plain_photo(), JPEG)
    aimed = form["fields"] | {"key": form["fields"]["key"].replace(case_id, other_id)}

    assert upload(form | {"fields": aimed}, plain_photo()).status_code == 403

    assert market.case(victim, other_id)["evidence"][0]["state"] == "awaiting_upload"


def test_a_form_says_how_long_it_lives(market: Market) -> None:
    sale, case_id = needing_a_photo(market)

    form = market.promise(sale, case_id, plain_photo(), JPEG)["upload"]

    policy = json.loads(b64decode(form["fields"]["policy"]))
    lives = datetime.fromisoformat(policy["expiration"]) - datetime.now(UTC)
    assert timedelta(0) < lives <= timedelta(minutes=5)
    assert abs(datetime.fromisoformat(form["expires_at"]) - datetime.fromisoformat(policy["expiration"])) < (
        timedelta(seconds=2)
    )


def test_a_form_for_somebody_elses_case_is_not_given(market: Market) -> None:
    _, case_id = needing_a_photo(market)
    promise = {"filename": "photo.jpg", "content_type": JPEG, "size": 100}

    for stranger in (market.someone("buyer"), market.someone("seller")):
        assert refusal(stranger.post(f"cases/{case_id}/evidence", promise)) == (404, "not_found")


def test_a_file_uploaded_twice_is_looked_at_once(market: Market) -> None:
    sale, case_id = needing_a_photo(market)
    added = market.promise(sale, case_id, plain_photo(), JPEG)
    html = UPLOADS["HTML as JPEG"].build()

    assert upload(added["upload"], plain_photo()).status_code == 204
    market.until(sale, case_id, "completed")
    clean = httpx.get(view(sale.buyer, case_id, "e1")).content
    padded = html + b" " * (len(plain_photo()) - len(html))
    assert upload(added["upload"], padded).status_code == 204

    assert httpx.get(view(sale.seller, case_id, "e1")).content == clean
    assert market.events(sale, case_id).count("evidence_accepted") == 1


def test_photos_that_never_come_cancel_the_case_and_free_what_it_held(market: Market) -> None:
    sale = market.sell(units=2)
    promised = [{"filename": "photo.jpg", "content_type": JPEG, "size": 100}]
    opened = market.apply(sale, reason="damaged", files=promised)
    assert [form["evidence_id"] for form in opened["uploads"]] == ["e1"]
    case = market.until(sale, opened["case_id"], "evidence_required")
    assert (case["waiting_on"], case["on_timeout"]) == ("buyer", "cancelled")
    assert market.order(sale)["reserved"] > 0

    market.silence(sale, case["case_id"])

    assert market.case(sale, case["case_id"])["status"] == "cancelled"
    order = market.order(sale)
    assert (order["reserved"], order["lines"][0]["refundable_quantity"]) == (0, 2)
    assert market.finished(case["case_id"])["output"]["status"] == "cancelled"
    market.until(sale, market.apply(sale, units=2)["case_id"], "completed")


def test_the_promise_made_when_applying_is_kept_with_its_own_form(market: Market) -> None:
    sale = market.sell()
    photo = plain_photo(WEBP)
    promised = [{"filename": "bowl.webp", "content_type": WEBP, "size": len(photo)}]
    opened = market.apply(sale, reason="damaged", files=promised)

    assert upload(opened["uploads"][0], photo).status_code == 204

    case = market.until(sale, opened["case_id"], "completed")
    assert case["evidence"][0]["state"] == "accepted"
    assert len(case["evidence"][0]["sha256"]) == 64


def test_ten_files_are_enough(market: Market) -> None:
    sale = market.sell()
    files = [{"filename": "photo.jpg", "content_type": JPEG, "size": 100}] * 10
    case_id = market.apply(sale, reason="damaged", files=files)["case_id"]
    market.until(sale, case_id, "evidence_required")

    assert refusal(sale.buyer.post(f"cases/{case_id}/evidence", files[0])) == (409, "evidence_limit")
    eleven = application(sale, reason="damaged", files=[*files, files[0]])
    assert refusal(sale.buyer.post("cases", eleven)) == (422, "invalid_request")


@pytest.mark.parametrize("name", ["JPEG with GPS", "PNG with GPS", "WebP with GPS"])
def test_a_photo_comes_back_without_the_place_where_it_was_taken(market: Market, name: str) -> None:
    file = UPLOADS[name]
    original = file.build()
    assert ExifTags.IFD.GPSInfo in Image.open(io.BytesIO(original)).getexif()
    sale, case_id, evidence_id = with_a_photo(market, original, file.declared_type)

    shown = httpx.get(view(sale.seller, case_id, evidence_id))

    assert shown.status_code == 200
    assert shown.headers["content-disposition"].startswith("attachment")
    assert shown.headers["content-type"] == file.declared_type
    assert SECRET.encode() not in shown.content
    picture = Image.open(io.BytesIO(shown.content))
    assert not dict(picture.getexif())
    assert picture.size == Image.open(io.BytesIO(original)).size


def test_each_view_stands_in_the_timeline_with_who_looked(market: Market, old_link: str) -> None:
    sale, case_id, evidence_id = with_a_photo(market, plain_photo(PNG), PNG)
    viewers = [sale.buyer, sale.seller, market.stack.person("reviewer"), sale.seller]

    for viewer in viewers:
        assert httpx.get(view(viewer, case_id, evidence_id)).status_code == 200

    views = [entry for entry in market.timeline(sale, case_id) if entry["event"] == "evidence_viewed"]
    assert [(entry["actor"]["role"], entry["actor"]["id"]) for entry in views] == [
        (viewer.role, viewer.party_id) for viewer in viewers
    ]
    assert {entry["data"]["evidence_id"] for entry in views} == {evidence_id}
    assert httpx.get(old_link).status_code == 200


def test_a_stranger_is_given_no_link_and_leaves_no_trace(market: Market) -> None:
    sale, case_id, evidence_id = with_a_photo(market, plain_photo())
    before = market.case(sale, case_id)["version"]

    for stranger in (market.someone("buyer"), market.someone("seller")):
        answer = stranger.get(f"cases/{case_id}/evidence/{evidence_id}")
        assert refusal(answer) == (404, "not_found")

    assert market.case(sale, case_id)["version"] == before


def test_only_the_clean_copy_can_be_reached_and_only_by_its_link(market: Market) -> None:
    sale, case_id, evidence_id = with_a_photo(market, plain_photo())
    link = urlsplit(view(sale.buyer, case_id, evidence_id))
    assert f"clean/cases/{case_id}/{evidence_id}" in link.path

    for place in ("clean", "originals", "incoming"):
        moved = link._replace(path=link.path.replace("clean/", f"{place}/"))
        assert httpx.get(urlunsplit(moved._replace(query=""))).status_code == 403
        if place != "clean":
            assert httpx.get(urlunsplit(moved)).status_code == 403
    assert httpx.get(urlunsplit(link)).status_code == 200


def test_a_link_cannot_be_made_to_live_longer(market: Market) -> None:
    sale, case_id, evidence_id = with_a_photo(market, plain_photo())
    link = view(sale.buyer, case_id, evidence_id)
    [seconds] = parse_qs(urlsplit(link).query)["X-Amz-Expires"]
    assert int(seconds) <= 300

    assert httpx.get(link.replace(f"X-Amz-Expires={seconds}", "X-Amz-Expires=86400")).status_code == 403


def test_a_photo_of_the_seller_does_not_decide_for_the_buyer(market: Market) -> None:
    sale, case_id = needing_a_photo(market)
    promise = {"filename": "photo.jpg", "content_type": JPEG, "size": len(plain_photo())}
    added = body(sale.seller.post(f"cases/{case_id}/evidence", promise), 201)

    assert upload(added["upload"], plain_photo()).status_code == 204
    market.looked_at(sale, case_id, added["evidence"]["evidence_id"])

    wait(lambda: "evidence_accepted" in market.events(sale, case_id), "the photo to be looked at")
    assert market.case(sale, case_id)["status"] == "evidence_required"
