"""What operations are called here: method and path, without the base path and the names of what stands in braces."""

import re

from client import BASE


def operation(method, path):
    return f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path).removeprefix(BASE)}"


def operations(document):
    """All operations of a document."""
    return [operation(method, path) for path, item in document["paths"].items() for method in item]
