"""Errors that name the offending thing and say what to do about it."""


class ClipkitError(Exception):
    """Base of all errors a user can mend. The command line prints the text alone, without a traceback.

    `problem` names the offending thing; `remedy`, if any, is the next step to take.
    """

    def __init__(self, problem: str, remedy: str = ""):
        self.problem, self.remedy = problem, remedy
        super().__init__(f"{problem}\n  -> {remedy}" if remedy else problem)


class BadInput(ClipkitError, ValueError):
    """An argument, file or array whose content cannot be right."""


class UnknownName(ClipkitError, LookupError):
    """A name that no registry knows; the remedy lists near misses."""


class MissingData(ClipkitError, FileNotFoundError):
    """Data that is not on this machine yet; the remedy says how to get it."""


class CorruptData(ClipkitError, OSError):
    """Bytes that do not match their checksum, or a file that cannot be decoded."""


class MissingPackage(ClipkitError, ImportError):
    """An optional dependency is not installed; the remedy is the command that installs it."""
