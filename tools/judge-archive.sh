#!/usr/bin/env bash
# Lets programs that are not ours judge a .soul file: tar lists it, sha256sum checks its blobs, skopeo carries it, and securesystemslib (from
# PyPI, in an environment that is removed again) checks the signatures.
#
#   tools/judge-archive.sh FILE.soul     judge this file
#   tools/judge-archive.sh               judge one that the tests make
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf 'judge-archive: %s\n' "$*"; }
fail() { printf 'judge-archive: error: %s\n' "$*" >&2; exit 1; }

archive=${1:-}
if [[ -z $archive ]]; then
  archive=$work/judged.soul
  (cd "$root" && SOULPACK_JUDGE=$archive swift test -c release --filter ArchiveTests/judge >"$work/test.log" 2>&1) \
    || { cat "$work/test.log" >&2; fail "the tests made no archive"; }
fi
[[ -f $archive ]] || fail "no file '$archive'"

# GNU tar reads it without a complaint, and it is what tar would call a POSIX archive of plain files.
layout=$work/layout
mkdir "$layout"
tar --extract --file "$archive" --directory "$layout" 2>"$work/tar.log" || { cat "$work/tar.log" >&2; fail "tar refuses the file"; }
[[ ! -s $work/tar.log ]] || { cat "$work/tar.log" >&2; fail "tar complains"; }
[[ -z $(tar --list --verbose --file "$archive" | grep -v '^-rw-r--r-- 0/0') ]] || fail "a member is not a plain file of mode 0644 and owner 0"
say "tar: $(tar --list --file "$archive" | wc -l) members"

# Every blob is what its name says.
(cd "$layout/blobs/sha256" && for blob in *; do printf '%s  %s\n' "$blob" "$blob"; done | sha256sum --check --quiet --strict) \
  || fail "a blob does not have its digest"
say "sha256sum: every blob has its digest"

# skopeo takes the file, and hands on the very manifest.
skopeo copy --quiet "oci-archive:$archive" "oci:$work/copy:judged"
expected=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["manifests"][0]["digest"])' "$layout/index.json")
carried=sha256:$(skopeo inspect --raw "oci:$work/copy:judged" | sha256sum | cut -d' ' -f1)
[[ $carried == "$expected" ]] || fail "skopeo carried $carried, the index names $expected"
say "skopeo: carried $carried"

# Another implementation of DSSE and of Ed25519 accepts the signatures, over a statement about that digest.
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'securesystemslib[crypto]==1.6.0'
"$work/venv/bin/python" - "$layout" "$expected" <<'PYTHON'
import json
import pathlib
import sys

from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
layout, soul = pathlib.Path(sys.argv[1]), sys.argv[2]


def blob(digest):
    return (layout / "blobs" / digest.replace(":", "/")).read_bytes()


def public_key(did):
    """The 32 bytes of a did:key of the Ed25519 kind."""
    number = 0
    for digit in did.removeprefix("did:key:z"):
        number = number * 58 + ALPHABET.index(digit)
    decoded = number.to_bytes(34, "big")
    assert decoded[:2] == b"\xed\x01", "not an Ed25519 did:key"
    return decoded[2:].hex()


descriptor = json.loads((layout / "index.json").read_bytes())["manifests"][0]
referrers = [text for text in descriptor.get("annotations", {}).get("dev.soulpack.referrers", "").split(",") if text]


def check(document):
    """The payload, once every signature holds over it and none over another."""
    envelope = Envelope.from_dict(document)
    keys = [SSlibKey(did, "ed25519", "ed25519", {"public": public_key(did)}) for did in envelope.signatures]
    accepted = envelope.verify(keys, len(keys))
    assert len(accepted) == len(keys) > 0
    payload = envelope.payload
    envelope.payload += b" "
    try:
        envelope.verify(keys, 1)
    except VerificationError:
        pass
    else:
        raise SystemExit("a changed payload was accepted")
    print(f"judge-archive: securesystemslib: {len(accepted)} signatures hold, a changed payload does not")
    return payload


for digest in referrers:
    referrer = json.loads(blob(digest))
    assert referrer["subject"]["digest"] == soul, "a referrer of something else"
    assert referrer["artifactType"] == referrer["layers"][0]["mediaType"]
    content = json.loads(blob(referrer["layers"][0]["digest"]))
    if referrer["artifactType"] == "application/vnd.in-toto.provenance+dsse":
        statement = json.loads(check(content))
        assert statement["_type"] == "https://in-toto.io/Statement/v1"
        assert "sha256:" + statement["subject"][0]["digest"]["sha256"] == soul
    else:
        assert referrer["artifactType"] == "application/vnd.soulpack.albft.certificate.v1+json"
        headers = [check(content[part]).split(b"\n")[0].split(b" ") for part in ("manifest", "decision")]
        assert [kind for kind, _ in headers] == [b"soulpack/albft/1/manifest", b"soulpack/albft/1/decide"]
        assert headers[0][1] == headers[1][1], "manifest and verdict are of two rounds"
if not referrers:
    print("judge-archive: securesystemslib: nothing to check, the archive is unsigned")
PYTHON
say "accepted"
