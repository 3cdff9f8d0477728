"""Mixes generated requests with ones that name what exists, and notes which operations succeed.

Of three requests to an operation the first is as `valid.py` makes it, the second has its path and else what was generated,
the third is generated altogether. An operation that `valid.py` does not name gets ids that exist, no query, and the example
that the document has of its body.
"""

import atexit
import json
import os
import sys
from collections import Counter, defaultdict
from pathlib import Path

import schemathesis

sys.path.insert(0, str(Path(__file__).parent))

from names import operation  # noqa: E402
from valid import REQUESTS, World, assumed  # noqa: E402

STATE = Path(os.environ["ODYSSEY_API_STATE"])
WORLD = World(json.loads(STATE.read_text()))
asked = Counter()
answered = defaultdict(Counter)


@schemathesis.hook
def before_call(context, case, kwargs):
    name = operation(case.method, case.path)
    turn = asked[name] % 3
    asked[name] += 1
    if turn == 2:
        return
    request = REQUESTS[name](WORLD) if name in REQUESTS else assumed(case, WORLD)
    for key, value in request.path.items():
        if key in case.path_parameters:
            case.path_parameters[key] = value
    if turn == 0:
        case.query = dict(request.query)
        if request.body is not None and case.operation.body:
            case.body = request.body
            case.media_type = "application/json"
        if request.form is not None and case.operation.body:
            case.body = request.form
            case.media_type = "multipart/form-data"


@schemathesis.hook
def after_call(context, case, response):
    answered[operation(case.method, case.path)][response.status_code] += 1


@atexit.register
def report():
    STATE.with_suffix(".answers").write_text(json.dumps(answered))
