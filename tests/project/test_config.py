import datetime as dt

import pytest

from thresher.errors import CommandError, ProjectError
from thresher.project.settings import read_settings
from thresher.storage.objects import S3Options


@pytest.fixture
def project(tmp_path):
    def write(config: str, dotenv: str = "", example: str | None = None):
        (tmp_path / "config.yaml").write_text(config)
        (tmp_path / ".env").write_text(dotenv)
        (tmp_path / ".env.example").write_text(dotenv if example is None else example)
        return tmp_path

    return write


FULL = """\
pipeline: flights
environments:
  dev: {}
  prod: {protected: true, warehouse: "${PROD:-/data/prod}", params: {days: 30}, run: {workers: 8}}
params: {start: 2013-01-01, days: 7, share: 0.5, name: x, "yes_no": true}
run: {workers: 2, memory: 4GB, retries: 3, backoff: 500ms}
logs: {max_size: 10MB, backups: 5}
"""


def test_settings_of_the_default_environment(project):
    settings = read_settings(project(FULL, example="PROD="), variables={})
    assert settings.environment == "dev"
    assert settings.params["start"] == dt.date(2013, 1, 1)
    assert settings.run.memory == 4_000_000_000
    assert settings.run.backoff == dt.timedelta(milliseconds=500)
    assert settings.config.logs.max_size == 10_000_000
    assert settings.config.layers == ("raw", "clean", "warehouse")
    assert settings.warehouse == "warehouse"
    assert not settings.protected


def test_an_environment_changes_only_what_it_names(project):
    settings = read_settings(project(FULL, example="PROD="), environment="prod", variables={})
    assert settings.protected
    assert settings.params["days"] == 30
    assert (settings.run.workers, settings.run.retries) == (8, 3)
    assert settings.warehouse == "/data/prod"


def test_the_environment_comes_from_the_flag_then_the_variable_then_the_file(project):
    root = project(FULL, example="PROD=")
    assert read_settings(root, variables={"THRESHER_ENV": "prod"}).environment == "prod"
    chosen = read_settings(root, environment="dev", variables={"THRESHER_ENV": "prod"})
    assert chosen.environment == "dev"
    with pytest.raises(CommandError, match="no environment `prd`") as caught:
        read_settings(root, environment="prd", variables={})
    assert caught.value.fault.hint == "did you mean `prod`?"


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"days": "14"}, 14),
        ({"start": "2014-02-03"}, dt.date(2014, 2, 3)),
        ({"share": "1"}, 1.0),
        ({"name": "12"}, "12"),
        ({"yes_no": "false"}, False),
    ],
)
def test_a_parameter_given_is_read_as_the_type_that_the_file_has(project, given, value):
    settings = read_settings(project(FULL, example="PROD="), params=given, variables={})
    (name,) = given
    assert settings.params[name] == value
    assert type(settings.params[name]) is type(value)


@pytest.mark.parametrize(
    ("given", "told"), [({"dais": "3"}, "did you mean `days`"), ({"days": "soon"}, "is a int")]
)
def test_a_parameter_that_does_not_fit_is_refused(project, given, told):
    with pytest.raises(CommandError) as caught:
        read_settings(project(FULL, example="PROD="), params=given, variables={})
    assert told in str(caught.value)


def test_variables_come_from_the_environment_before_the_file(project):
    config = "pipeline: p\nparams:\n  n: '${N}'\n  m: ${M:-7}\n  k: ${N}\n"
    root = project(config, dotenv="N=5\n", example="N=\nM=\n")
    assert read_settings(root, variables={}).params == {"n": "5", "m": 7, "k": 5}
    assert read_settings(root, variables={"N": "6"}).params == {"n": "6", "m": 7, "k": 6}


def test_a_variable_that_is_not_set_or_not_in_the_example_is_a_fault(project):
    root = project("pipeline: p\nparams:\n  n: ${N}\n", dotenv="", example="OTHER=\n")
    with pytest.raises(ProjectError) as caught:
        read_settings(root, variables={})
    assert [f.what for f in caught.value.faults] == [
        "the variable `N` is not set",
        "`N` does not stand in `.env.example`",
    ]
    assert {f.place.line for f in caught.value.faults} == {3}


def test_a_variable_of_another_environment_need_not_be_set(project):
    root = project('pipeline: p\nenvironments: {dev: {}, prod: {warehouse: "${W}"}}', "", "W=")
    assert read_settings(root, variables={}).environment == "dev"
    with pytest.raises(ProjectError, match="`W` is not set"):
        read_settings(root, environment="prod", variables={})


def test_an_environment_cannot_be_named_like_a_layer(project):
    with pytest.raises(ProjectError, match="an environment and a layer of one name: `clean`"):
        read_settings(project("pipeline: p\nenvironments: {dev: {}, clean: {}}"), variables={})


def test_every_fault_at_once(project):
    config = "pipeline: p\nrun: {worker: 2, memory: lots}\nparms: {}\n"
    config += "timezone: Mars\nlayers: [raw, thresher]"
    with pytest.raises(ProjectError) as caught:
        read_settings(project(config), variables={})
    told = str(caught.value)
    for part in ("run.worker", "`4GB`, not `lots`", "`parms`", "`Mars`", "reserved name"):
        assert part in told


def test_secrets_are_in_no_record_and_no_error(project):
    config = "pipeline: p\nparams:\n  dsn: ${DSN}\n  api_token: abc12345\n  level: ${LEVEL}\n"
    config += "  api_tokens: [alphasecret, betasecret]\n"
    root = project(config, "DSN=postgres://me:hunter2@db\nLEVEL=very-hidden\n")
    settings = read_settings(root, variables={})
    text = str(settings.record())
    assert settings.masker.text("betasecret") == "***"
    for secret in ("hunter2", "abc12345", "very-hidden", "alphasecret"):
        assert secret not in text
    assert settings.masker.text("at postgres://me:hunter2@db!") == "at ***!"
    assert settings.params["level"] == "very-hidden"
    (root / "config.yaml").write_text("pipeline: p\nrun:\n  workers: ${LEVEL}\n")
    with pytest.raises(ProjectError) as caught:
        read_settings(root, variables={})
    assert "very-hidden" not in str(caught.value)


S3 = """\
pipeline: flights
s3: {endpoint: "http://127.0.0.1:9000", region: eu-west-1, bucket: grain, storage_class: GLACIER_IR}
environments:
  dev: {}
  prod: {s3: {endpoint: "${PROD_S3}", encryption: "aws:kms", kms_key: alias/grain}}
"""


def test_object_storage_is_spoken_to_as_the_file_says(project):
    settings = read_settings(project(S3, example="PROD_S3="), variables={})
    assert settings.s3 == S3Options(
        endpoint="http://127.0.0.1:9000",
        region="eu-west-1",
        bucket="grain",
        storage_class="GLACIER_IR",
    )
    assert settings.record()["s3"]["endpoint"] == "http://127.0.0.1:9000"


def test_an_environment_replaces_the_keys_of_object_storage_that_it_names(project):
    variables = {"PROD_S3": "https://s3.example.org"}
    root = project(S3, example="PROD_S3=")
    chosen = read_settings(root, environment="prod", variables=variables).s3
    assert (chosen.endpoint, chosen.encryption) == ("https://s3.example.org", "aws:kms")
    assert (chosen.kms_key, chosen.region) == ("alias/grain", "eu-west-1")


def test_object_storage_has_no_default_of_its_own(project):
    assert read_settings(project("pipeline: flights"), variables={}).s3 == S3Options()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("endpont: x", "did you mean `endpoint`?"),
        ("endpoint: 127.0.0.1:9000", "endpoint"),
        ("encryption: ROT13", "encryption"),
        ("encryption: AES256, kms_key: x", "not the encryption that uses it"),
        ("kms_key: x", "say `aws:kms`"),
        ("storage_class: cheap", "storage_class"),
    ],
)
def test_faults_of_object_storage_are_told_with_their_place(project, keys, said):
    with pytest.raises(ProjectError) as caught:
        read_settings(project(f"pipeline: flights\ns3: {{{keys}}}"), variables={})
    assert said in str(caught.value)
    assert "config.yaml:2" in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("default_environment: prd\nenvironments: {prod: {}}", 2),
        ("environments: {prod: {}}", 2),
    ],
)
def test_a_default_environment_that_is_not_there_is_a_fault_of_the_file(project, keys, line):
    with pytest.raises(ProjectError, match=rf"(?s)config.yaml:{line}: .*which is the default one"):
        read_settings(project(f"pipeline: flights\n{keys}"), variables={})
