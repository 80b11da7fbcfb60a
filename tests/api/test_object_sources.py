"""Objects of S3 as inputs of a project: planned without being read, told by exit codes."""

from __future__ import annotations

import uuid

import pytest

from thresher.errors import CredentialsError


@pytest.fixture
def bucket(shop, s3_server, monkeypatch):
    """Give a function that puts objects into a folder that `raw.orders` is read from."""
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    folder, client = uuid.uuid4().hex, s3_server.client()
    config = (shop.root / "config.yaml").read_text()
    glob = f"s3://{s3_server.bucket}/{folder}/*.csv"
    shop.write(
        {
            "config.yaml": f"{config}s3: {{endpoint: '{s3_server.endpoint}'}}\n",
            "src/raw/orders.yaml": f"source: {{files: '{glob}'}}\n",
        }
    )

    def put(name, content):
        client.put_object(Bucket=s3_server.bucket, Key=f"{folder}/{name}", Body=content.encode())
        return f"s3://{s3_server.bucket}/{folder}/{name}"

    put("1.csv", "id,customer,amount\n1,a,10\n2,a,20\n")
    return put


def test_an_object_is_read_once_and_again_when_it_changed(shop, bucket):
    assert shop.run().exit_code == 0
    assert shop.rows("warehouse.by_customer") == [("a", 2, 30)]
    assert shop.run().status == "unchanged"
    added = bucket("2.csv", "id,customer,amount\n3,b,1\n4,b,2\n")
    assert shop.plan()["raw.orders"] == ("build", f"file added: {added}")
    shop.run()
    assert shop.rows("warehouse.by_customer") == [("a", 2, 30), ("b", 2, 3)]


def test_refused_credentials_are_exit_code_4(shop, bucket, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    with pytest.raises(CredentialsError, match="`s3://"):
        shop.plan()
    result = shop.run()
    assert (result.status, result.exit_code) == ("failed", 4)
    assert shop.done["raw.customers"] == "built"
    # What is not selected needs no credentials.
    assert shop.plan(select="raw.customers")["raw.customers"][0] == "reuse"
    assert shop.run(select="raw.customers clean.customers").exit_code == 0
