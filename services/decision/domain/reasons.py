"""Why something was sent, held back or refused: codes that never change their meaning.

A code is stored with every decision, so codes are only added. `sentences.py` says each in words.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why a candidate did not go out, or why something ended."""

    # The workspace
    MARKETING_STOPPED = "marketing_stopped"
    JOURNEY_PAUSED = "journey_paused"
    JOURNEY_REMOVED = "journey_removed"
    TEMPLATE_REMOVED = "template_removed"
    # The journey
    NOT_IN_AUDIENCE = "not_in_audience"
    EXIT_RULE = "exit_rule"
    GOAL_REACHED = "goal_reached"
    EXPIRED = "expired"
    MERGED = "merged"
    # Reach
    NO_ADDRESS = "no_address"
    ADDRESS_CHANGED = "address_changed"
    # Permission
    NO_CONSENT = "no_consent"
    CONSENT_PENDING = "consent_pending"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_FOR_OTHER_ADDRESS = "consent_for_other_address"
    ADDRESS_UNPROVEN = "address_unproven"
    OBJECTION = "objection"
    SUPPRESSED = "suppressed"
    PAUSED_BY_PERSON = "paused_by_person"
    MUTED = "muted"
    # Continuity
    ASK_DONE = "ask_done"
    ASKED_ELSEWHERE = "asked_elsewhere"
    COOL_DOWN = "cool_down"
    # Contact policy
    CAP_REACHED = "cap_reached"
    MINIMUM_GAP = "minimum_gap"
    QUIET_HOURS = "quiet_hours"
    PERIOD_FULL = "period_full"
    BLOCKED = "blocked"
    BLACKOUT = "blackout"
    PRESSURE = "pressure"
    KEPT_FREE = "kept_free"
    # Comparison
    HOLDOUT = "holdout"
    # Arbitration
    LOST = "lost"
    # After the decision
    ALREADY_SENT = "already_sent"
    UNKNOWN_MESSAGE = "unknown_message"
    NOT_ACCEPTED = "not_accepted"
    PERMIT_REFUSED = "permit_refused"
    # Arbitration, timing
    NOT_DRAWN = "not_drawn"
    NOT_WORTH_IT = "not_worth_it"
    PREFERRED_TIME = "preferred_time"
    NOT_ASKED_FOR = "not_asked_for"
