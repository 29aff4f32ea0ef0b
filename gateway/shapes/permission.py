"""The shapes of what may be sent to a person."""

from typing import Literal

from pydantic import AwareDatetime, ConfigDict, Field

from gateway.shapes.common import JsonObject, Shape


class ConsentChange(Shape):
    """What a person said about one channel and topic."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "granted",
                "basis": "double_opt_in",
                "evidence": {"wording": "Yes, send me tips", "version": "2026-05"},
            }
        }
    )
    status: Literal["granted", "withdrawn", "pending"]
    purpose: Literal["contact", "measurement", "profiling"] = "contact"
    basis: str = Field(default="", max_length=100, description="opt_in, double_opt_in ...")
    evidence: JsonObject = Field(
        default_factory=dict, description="Wording, version, source, time, IP, actor ..."
    )


class Evidence(Shape):
    """Why it is done; kept in the ledger."""

    reason: str = Field(default="", max_length=500, examples=["ticket 123"])
    evidence: JsonObject = Field(default_factory=dict)


class Pause(Evidence):
    """No marketing until then."""

    until: AwareDatetime


class Marketing(Shape):
    """The switch of a workspace's marketing."""

    stopped: bool
