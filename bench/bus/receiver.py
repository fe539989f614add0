"""What Laniakea's events receiver does with each frame, and nothing else: a ROUTER socket, JSON
read with replacement, the five members, the signature of the first known signer over the canonical
text. No event loop, no queue, no database: as fast as Python can be.

Usage: receiver.py ENDPOINT COUNT KEY-FILE; prints what it took, one JSON object
"""

import base64
import json
import re
import resource
import sys
import time

import nacl.signing
import zmq

MEMBERS = ("tag", "uuid", "format", "time", "data")


def decode(text):
    return base64.b64decode(text + "=" * (-len(text) % 4))


def canonical(value):
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode("utf-8")


def valid(event):
    if not all(name in event for name in MEMBERS) or not event.get("signatures"):
        return False
    for signer, by_key in event["signatures"].items():
        key = trusted.get(signer)
        if key is None:
            continue
        covered = {k: v for k, v in event.items() if k not in ("signatures", "unsigned")}
        key.verify(canonical(covered), decode(by_key["ed25519:0"]))
        return True
    return False


def seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


endpoint, count, key_file = sys.argv[1:]
text = open(key_file, encoding="utf-8").read()
name = re.search(r'\bid = "(.*)"', text)[1]
trusted = {name: nacl.signing.VerifyKey(decode(re.search(r'verify-key = "(.*)"', text)[1]))}
socket = zmq.Context.instance().socket(zmq.ROUTER)
socket.bind(endpoint)
print(json.dumps({"endpoint": socket.getsockopt(zmq.LAST_ENDPOINT).decode()}), flush=True)
received = 0
while received < int(count):
    frames = socket.recv_multipart()
    if received == 0:
        begun, before = time.monotonic(), seconds()
    event = json.loads(str(frames[1], "utf-8", "replace"))
    if not valid(event):
        raise SystemExit("an event is not valid")
    received += 1
print(json.dumps({"received": received, "cpu": seconds() - before, "seconds": time.monotonic() - begun}))
