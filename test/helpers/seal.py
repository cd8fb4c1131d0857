"""Seals and signs WeChat pushes with python and the openssl command, so that our own code is not its own judge.

Reads a JSON list of {token, key, appid, message, timestamp, nonce} on stdin and writes a JSON list of {encrypt, query, body}.
`padding` (a list of bytes) and `length` replace what a faithful sender would write.
"""

import base64
import hashlib
import json
import os
import subprocess
import sys
from urllib.parse import urlencode


def sha1(*parts):
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def aes_cbc(key, plain):
    command = ["openssl", "enc", "-aes-256-cbc", "-nopad", "-K", key.hex(), "-iv", key[:16].hex()]
    return subprocess.run(command, input=plain, stdout=subprocess.PIPE, check=True).stdout


def seal(push):
    message = push["message"].encode()
    length = push.get("length", len(message))
    plain = os.urandom(16) + length.to_bytes(4, "big") + message + push["appid"].encode()
    missing = 32 - len(plain) % 32
    plain += bytes(push.get("padding", [missing] * missing))
    encrypt = base64.b64encode(aes_cbc(base64.b64decode(push["key"] + "="), plain)).decode()
    token, timestamp, nonce = push["token"], push["timestamp"], push["nonce"]
    query = {
        "signature": sha1(token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": "o6_bmjrPTlm6_2sgVt7hMZOPfL2M",
        "encrypt_type": "aes",
        "msg_signature": sha1(token, timestamp, nonce, encrypt),
    }
    body = f"<xml><ToUserName><![CDATA[gh_e136c6e50636]]></ToUserName><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"
    return {"encrypt": encrypt, "query": query, "search": urlencode(query), "body": body, "pad": missing}


json.dump([seal(push) for push in json.load(sys.stdin)], sys.stdout)
