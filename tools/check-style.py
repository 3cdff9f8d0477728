#!/usr/bin/env python3
"""Holds the Rust sources to what CONTRIBUTING.md, *Style*, asks for and no other tool checks.

Usage: check-style.py [FILE…]; without files all that git knows. Prints what is wrong by file and line.
"""

import re
import subprocess
import sys

#: Longest line in columns.
COLUMNS = 100

#: Names that were private words for common ideas, and the word of the field that took their place.
WORDS = {
    r"Told": "SendState",
    r"Seats?|Seated|seats?": "Handle, HandleTable",
    r"Gathered|Portion": "CellFrames, FrameRange",
    r"Pieces?|EncodedPiece": "EncodedRun, EncodedRuns",
    r"CatchUp|catch_up": "resync",
    r"Mailbox|Mailboxes|mailbox": "unicast queue",
    r"heirlooms?|Heirlooms?": "reassigned objects",
    r"turn_away|send_everybody_out": "reject, evict_all",
    r"Meters?|meters": "Metrics",
    r"Ticket|ticket": "resume token",
    r"Asked|Wanted(?!\))": "…Request, …Query, CacheKey",
}  # fmt: skip
OLD = [(re.compile(rf"\b(?:{names})\b"), word) for names, word in WORDS.items()]

COMMENT = re.compile(r"\s*(//[/!]?)(?: (.*))?$")
#: A clause as the subject of a comment.
CLAUSE = re.compile(r"(?:Who|Whom|Whose|Whoever|What|Whatever|Which|How|Where)\b(?!.*\?)")
USE = re.compile(r"( *)((?:pub(?:\([^)]*\))? )?)use ([a-z_0-9]+)\b(?!.* as _;)")
#: What ends a run of imports: they are compared within one module only.
MODULE = re.compile(r"\s*(?:pub(?:\([^)]*\))? )?mod \w+ \{|\s*fn |\s*(?:pub(?:\([^)]*\))? )?(?:async )?fn ")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def problems(path):
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    in_comment = None
    roots = {}
    attribute = False
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS and not is_unbreakable(line):
            yield number, f"{len(line)} columns"
        comment = COMMENT.match(line)
        if comment:
            kind, text = comment[1], comment[2] or ""
            sentence = text.removeprefix("* ")
            if (in_comment != kind or sentence != text) and CLAUSE.match(sentence):
                yield number, f"opens with a clause: {text[:40]}"
            # A paragraph begins anew after an empty line.
            in_comment = kind if text else None
        else:
            in_comment = None
            code = STRING.sub('""', line)
            for pattern, word in OLD:
                if found := pattern.search(code):
                    yield number, f"{found[0]} is called {word} here"
            if MODULE.match(line):
                roots.clear()
            if use := USE.match(line):
                key = (use[1], use[2], use[3])
                if key in roots and not attribute:
                    yield number, f"a second `use {use[3]}`, the first is in line {roots[key]}"
                if not attribute:
                    roots[key] = number
            attribute = line.lstrip().startswith("#[")


def is_unbreakable(line):
    """Says whether a line cannot be broken: a link, a hash, a string that alone is too long."""
    in_string = line.count('"') % 2 == 1 or line.endswith("\\")
    if in_string or len(STRING.sub('""', line)) <= COLUMNS:
        return True
    words = line.strip().lstrip("/!").split()
    return len(words) == 1 or any(len(word) > COLUMNS - 20 for word in words)


def main():
    paths = sys.argv[1:]
    if not paths:
        listed = subprocess.run(["git", "ls-files", "*.rs"], capture_output=True, text=True, check=True)
        paths = listed.stdout.split()
    found = 0
    for path in paths:
        for number, problem in problems(path):
            print(f"{path}:{number}: {problem}")
            found += 1
    sys.exit(f"{found} deviations from the style" if found else 0)


if __name__ == "__main__":
    main()
