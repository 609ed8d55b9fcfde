# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors that the person at the keyboard can mend.

Their text is one line and says what was expected and what came; the command lines
print it and leave with status 2.
"""


class UserError(ValueError):
    """Something given to the module is wrong: an input, an option, a bundle, a provider."""


class InputError(UserError):
    """A recording or a stream of samples that cannot be read as described."""


class BundleError(UserError):
    """A model bundle that is missing, malformed, tampered with, or holds a wrong model."""


class ProviderError(UserError):
    """An execution provider that is not available on this machine."""
