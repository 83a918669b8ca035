"""For each {key, nonce?, associated?, plain, sealed} on stdin, in hex: what PyCryptodome seals, and opens."""

import json
import sys

from Crypto.Cipher import AES, ChaCha20_Poly1305


def answer(case):
    key, plain, sealed = (bytes.fromhex(case[field]) for field in ("key", "plain", "sealed"))
    if "nonce" in case:
        def cipher():
            made = ChaCha20_Poly1305.new(key=key, nonce=bytes.fromhex(case["nonce"]))
            made.update(bytes.fromhex(case["associated"]))
            return made

        ciphertext, tag = cipher().encrypt_and_digest(plain)
        return {"sealed": (ciphertext + tag).hex(), "opened": cipher().decrypt_and_verify(sealed[:-16], sealed[-16:]).hex()}
    ciphertext, tag = AES.new(key, AES.MODE_SIV).encrypt_and_digest(plain)
    opened = AES.new(key, AES.MODE_SIV).decrypt_and_verify(sealed[16:], sealed[:16])
    return {"sealed": (tag + ciphertext).hex(), "opened": opened.hex()}


json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout)
