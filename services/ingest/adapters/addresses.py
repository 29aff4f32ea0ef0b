"""What counts as an e-mail address or a telephone number, and its one spelling."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email

CHARACTERS_MAX = 320
"""RFC 3696: 64 before the @, 255 after it. Longer texts are not even looked at."""


class Addresses:
    """Implements `domain.endpoints.Spelling` with email-validator and phonenumbers."""

    def email(self, text: str) -> str | None:
        """The address with its domain in lower case and its local part as it was written; None for
        what is none. Nobody is asked whether the domain exists.
        """
        text = text.strip()
        if len(text) > CHARACTERS_MAX:
            return None
        try:
            return validate_email(text, check_deliverability=False).normalized
        except EmailNotValidError:
            return None

    def phone(self, text: str, region: str) -> str | None:
        """The number in E.164 (`+491701234567`); None for what is none.

        `region` is the country (ISO 3166) of numbers without a country code; without it they are
        none.
        """
        if len(text) > CHARACTERS_MAX:
            return None
        try:
            number = phonenumbers.parse(text, region or None)
        except phonenumbers.NumberParseException:
            return None
        if not phonenumbers.is_possible_number(number):
            return None
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
