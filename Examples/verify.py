#!/usr/bin/env python3
"""Checks a tollgate log without tollgate: Python's standard library, and the public package `cryptography` for Ed25519.

    verify.py LOG KEY [--proof FILE.tlog-proof] [--head FILE]

KEY is the log's public key as you noted it when the log was new (today's stands in LOG/identity.json). --head takes any
file that carries a head of the log: a weekly report, an alert, a checkpoint kept elsewhere. Exit status 1: it is not so.
"""
import argparse, base64, gzip, hashlib, json, pathlib, re, sys  # noqa: E401

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("log", type=pathlib.Path), options.add_argument("key")
options.add_argument("--proof", type=pathlib.Path), options.add_argument("--head", type=pathlib.Path)
options = options.parse_args()
origin, key_id, key = options.key.split("+", 2)


def heads(text):
    """(size, root) of each head of this log in a text; one whose signature is not its key's ends the check."""
    form = re.escape(origin) + r"\n(\d+)\n([A-Za-z0-9+/]{43}=)\n((?:edge .+\n)*)\n((?:\u2014 .+\n?)+)"
    plain = re.sub(r"(?m)^[ >]+", "", text.replace("\\n", "\n").replace("\\u2014", "\u2014"))
    for size, root, edge, signatures in re.findall(form, plain):
        made = [base64.b64decode(s) for s in re.findall("\u2014 " + re.escape(origin) + r" ([A-Za-z0-9+/=]+)", signatures)]
        for one in (one for one in made if one[:4].hex() == key_id):  # a signature begins with its key's id
            public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:])  # one byte for the kind, then 32
            public.verify(one[4:], f"{origin}\n{size}\n{root}\n{edge}".encode())
            yield int(size), base64.b64decode(root)


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()  # a leaf's first part is 0x00, a node's 0x01 (RFC 6962, 2.1)


def check():
    checkpoint = next(heads((options.log / "checkpoint").read_text()), None) or sys.exit("no head that this key signed")
    print(f"signature  the newest head, of {checkpoint[0]} records, is signed by key {key_id}")
    witness = next(heads(options.head.read_text()), None) if options.head else checkpoint
    assert witness, f"{options.head} has no head of this log that this key signed"
    segments = sorted((options.log / "seg").glob("*.ndjson.gz"))
    edge, count, roots = [], int(segments[0].name[:20]), {}  # the tree's right edge: (leaves, root), the largest first
    for told in (json.loads(manifest.read_text()) for manifest in (options.log / "seg").glob("*.manifest.json")):
        if told["next_seq"] == count:  # retention removed what is before, and left the edge of the tree over it
            edge = list(zip([1 << n for n in range(63, -1, -1) if count >> n & 1], map(base64.b64decode, told["after"])))
    for segment in segments:
        for line in gzip.open(segment).read().splitlines():
            edge, count = edge + [(1, sha(b"\x00", line))], count + 1
            while len(edge) > 1 and edge[-1][0] == edge[-2][0]:
                (leaves, right), (_, left) = edge.pop(), edge.pop()
                edge.append((2 * leaves, sha(b"\x01", left, right)))
            if count in (checkpoint[0], witness[0]):
                roots[count] = edge[-1][1]
                for _, left in reversed(edge[:-1]):
                    roots[count] = sha(b"\x01", left, roots[count])
    assert roots.get(checkpoint[0]) == checkpoint[1], f"the {count} records here are not those of the head"
    print(f"records    the first {checkpoint[0]} of {count} give the head's root")
    if options.head:
        assert roots.get(witness[0]) == witness[1], f"the {witness[0]} records that {options.head} saw are others, or removed"
        print(f"head       that of {options.head.name}, of {witness[0]} records, is of the same records")
    if options.proof:
        text, _, note = options.proof.read_text().partition("\n\n")
        (size, wanted), words = next(heads(note)), text.split()
        line, index, path = base64.b64decode(words[2]), int(words[4]), [base64.b64decode(word) for word in words[5:]]
        root, own, last = sha(b"\x00", line), index, size - 1
        for sibling in path:  # RFC 9162, 2.1.3.2
            root = sha(b"\x01", sibling, root) if own % 2 or own == last else sha(b"\x01", root, sibling)
            while own == last and own and not own % 2:
                own, last = own // 2, last // 2
            own, last = own // 2, last // 2
        assert root == wanted and last == 0, "the proof does not lead to the root that was signed"
        record = json.loads(line)
        print(f"proof      record {index} ({record['kind']} of {record['ts']}) is one of {size}")


try:
    check()
except (AssertionError, EOFError, InvalidSignature, OSError) as error:
    sys.exit(f"NOT SO: {error or 'a signature is not that of this key'}")
