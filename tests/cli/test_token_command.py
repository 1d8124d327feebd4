"""`hoso token`."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from support.hoso_command import Hoso

CITIZEN_ID = "040190999901"


def claims(token: str) -> dict[str, Any]:
    body = token.strip().split(".")[1]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return read


def test_standard_output_is_the_token_and_nothing_else(hoso: Hoso):
    done = hoso("token", "officer", "--agency", "H41.14")
    assert done.status == 0
    assert done.out.count("\n") == 1
    assert claims(done.out)["hoso"] == {"role": "officer", "agency": "H41.14", "subject": None}


@pytest.mark.parametrize(("ttl", "seconds"), [("30m", 1800), ("1h", 3600), ("8h", 28_800), ("2d", 172_800)])
def test_a_time_to_live_is_written_as_people_write_it(hoso: Hoso, ttl: str, seconds: int):
    issued = claims(hoso("token", "auditor", "--ttl", ttl).out)
    assert issued["exp"] - issued["iat"] == seconds


@pytest.mark.parametrize("ttl", ["", "0h", "1", "h", "1w", "-1h", "31d", "1h30m", "٣h"])
def test_another_time_to_live_is_wrong_use(hoso: Hoso, ttl: str):
    assert hoso("token", "auditor", "--ttl", ttl).status == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("officer",),
        ("reporter",),
        ("mayor",),
        ("anonymous",),
        ("officer", "--agency", "Phường Vinh"),
        ("citizen",),
        ("auditor", "--citizen-id-stdin"),
        (),
    ],
    ids=" ".join,
)
def test_a_token_that_would_be_good_for_nothing_is_wrong_use(hoso: Hoso, arguments: tuple[str, ...]):
    refused = hoso("token", *arguments, stdin=CITIZEN_ID)
    assert refused.status == 2
    assert refused.out == ""


def test_a_citizen_is_named_on_standard_input_and_sealed_in_the_token(hoso: Hoso):
    done = hoso("token", "citizen", "--citizen-id-stdin", stdin=f"{CITIZEN_ID}\n")
    assert done.status == 0
    subject = claims(done.out)["hoso"]["subject"]
    assert subject
    assert CITIZEN_ID not in json.dumps(claims(done.out))
    assert CITIZEN_ID not in done.err


def test_a_number_that_is_none_is_refused_and_not_repeated(hoso: Hoso):
    refused = hoso("token", "citizen", "--citizen-id-stdin", stdin="04019099990\n")
    assert refused.status == 2
    assert "04019099990" not in refused.out + refused.err


def test_the_portal_speaks_for_the_client_of_the_default_policy(hoso: Hoso):
    assert claims(hoso("token", "portal").out)["client_id"] == "local-portal"


def test_with_another_issuer_there_is_no_token(hoso: Hoso):
    refused = Hoso(hoso.home, issuer="https://login.example")("token", "auditor")
    assert refused.status == 2
    assert "HOSO_ISSUER" in refused.err


def test_json_says_how_long_it_is_valid(hoso: Hoso):
    told = hoso("token", "auditor", "--ttl", "30m", "--json").json
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 1800)
    assert claims(told["access_token"])["hoso"]["role"] == "auditor"
