"""Several processes' metrics as one page that Prometheus can read."""

from prometheus_client.parser import text_string_to_metric_families

from gateway import metrics

PAGE = """\
# HELP kairos_rpc_answer_duration_seconds Time
# TYPE kairos_rpc_answer_duration_seconds histogram
kairos_rpc_answer_duration_seconds_bucket{le="0.1",service="x, {y} z"} 1.0
kairos_rpc_answer_duration_seconds_count{service="x, {y} z"} 1.0
# HELP up_time_seconds Since the start
# TYPE up_time_seconds gauge
up_time_seconds 4.5
"""


def test_families_stay_together_and_say_whose_they_are() -> None:
    text = metrics.merge({"ingest": PAGE, "history": PAGE})
    families = {each.name: each for each in text_string_to_metric_families(text)}

    assert text.count("# TYPE up_time_seconds gauge") == 1
    assert [each.labels for each in families["up_time_seconds"].samples] == [
        {"process": "ingest"},
        {"process": "history"},
    ]
    (first, *_) = families["kairos_rpc_answer_duration_seconds"].samples
    assert first.labels == {"process": "ingest", "le": "0.1", "service": "x, {y} z"}


def test_missing_process_is_shown_as_down() -> None:
    text = metrics.up({"ingest": True, "history": False})
    (family,) = text_string_to_metric_families(text)

    assert {each.labels["process"]: each.value for each in family.samples} == {
        "ingest": 1.0,
        "history": 0.0,
    }
