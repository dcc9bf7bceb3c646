"""What can go wrong with a password."""

from __future__ import annotations

from etter_common.errors import Conflict, TooManyRequests, Unauthenticated, Unprocessable


class InvalidCredentials(Unauthenticated):
    """One answer for a wrong password, an unknown address, a deactivated user and one without a password."""

    code, title, keep_writes = "INVALID_CREDENTIALS", "The email or the password is not right", True


class CompanyRequired(Conflict):
    """Only for who has the password: of the companies where it is right, `companies` has id and name."""

    code, title, keep_writes = "COMPANY_REQUIRED", "The email and the password fit several companies; name one", True


class SignInDelayed(TooManyRequests):
    """Too many tries were wrong; `Retry-After` says when there is room for the next, in 5 minutes at most."""

    code, title, keep_writes = "SIGN_IN_DELAYED", "Too many sign-in tries; wait before the next one", True


class WrongPassword(Unprocessable):
    code, title, keep_writes = "WRONG_PASSWORD", "The current password is not right", True


class WeakPassword(Unprocessable):
    code, title = "WEAK_PASSWORD", "The password is too easy to guess"
