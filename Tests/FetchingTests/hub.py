#!/usr/bin/env python3
"""A hub on this machine, for tests: it answers as the Hugging Face hub does, and badly where it is told to.

    hub.py FOLDER

FOLDER/OWNER/NAME/COMMIT/… are the files of a model at a commit, FOLDER/OWNER/NAME/refs.json says which commit each branch or tag is.
It prints one line, the port of the hub and that of its second host (for large files: *.safetensors), and ends with its standard input.

Each request of a host is a line of FOLDER/requests.jsonl: method, path, range, and whether it had a token. FOLDER/mode.json says what goes wrong:
a list, of which the first rule that fits a request is taken: {"on": "hub" or "store", "method", "path": a part of it, "times": how often, "do": …}.
`times` is counted down, so that trouble passes.

    status      {"do": "status", "status": 503, "headers": {}}          an answer of that status
    cut         {"do": "cut", "after": 1000}                            the connection breaks after so many bytes of the body
    stall       {"do": "stall", "after": 1000}                          nothing comes any more, and the connection stays
    whole       {"do": "whole"}                                         Range is not understood
    shift       {"do": "shift"}                                         another range than was asked for
    other       {"do": "other"}                                         a byte of the body is another
    short, long {"do": "short"}                                         a byte less, or more, than was promised; Content-Length goes with it
    loop        {"do": "loop"}                                          redirects to itself, a little longer each time
    redirect    {"do": "redirect", "to": "http://example.org/"}         a redirect there
    endless     {"do": "endless"}                                       a body that does not end
    headers     {"do": "headers", "headers": {"ETag": null}}            headers added, changed or (null) left out
    listing     {"do": "listing", "listing": {…}}                       members of the listing changed
    drip        {"do": "drip"}                                          ten bytes of the body a second
    gone        {"do": "gone"}                                          the connection breaks before anything is said
"""
import hashlib, json, os, sys, threading, time, urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

root = sys.argv[1]
lock = threading.Lock()
TOKEN = "hf_aSecretOfTheTests"


def rule(host, method, path):
    with lock:
        place = os.path.join(root, "mode.json")
        if not os.path.exists(place):
            return {}
        with open(place) as file:
            rules = json.load(file)
        for entry in rules:
            fits = entry.get("on", host) == host and entry.get("method", method) == method and entry.get("path", "") in path
            if not fits or entry.get("times", 1) == 0:
                continue
            if "times" in entry:
                entry["times"] -= 1
                with open(place, "w") as file:
                    json.dump(rules, file)
            return entry
    return {}


class Host(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def do_GET(self):
        self.answer("GET")

    def do_HEAD(self):
        self.answer("HEAD")

    def answer(self, method):
        self.trouble = rule(self.host, method, self.path)
        token = self.headers.get("Authorization")
        with lock, open(os.path.join(root, "requests.jsonl"), "a") as file:
            line = {"host": self.host, "method": method, "path": self.path, "range": self.headers.get("Range"), "token": token is not None, "encoding": self.headers.get("Accept-Encoding")}
            file.write(json.dumps(line) + "\n")
        do = self.trouble.get("do")
        if do == "gone":
            self.close_connection = True
            return self.connection.close()
        if do == "status":
            return self.say(self.trouble["status"], self.trouble.get("headers", {}), b"no\n")
        if do == "redirect":
            return self.say(302, {"Location": self.trouble["to"]})
        if do == "loop":
            return self.say(302, {"Location": self.path + ("&" if "?" in self.path else "?") + "again"})
        self.serve(token == "Bearer " + TOKEN)

    def say(self, status, headers={}, body=b""):
        headers = {"Content-Length": str(len(body)), **headers}
        if self.trouble.get("do") == "endless":
            headers = {**headers, "Content-Length": None, "Connection": "close"}
        if self.trouble.get("do") == "headers":
            headers = {**headers, **self.trouble["headers"]}
        self.send_response(status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        do = self.trouble.get("do")
        try:
            if do == "endless":
                while True:
                    self.wfile.write(b" " * 65536)
            for byte in body if do == "drip" else b"":
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.1)
            if do == "drip":
                return
            after = self.trouble.get("after", 0) if do in ("cut", "stall") else len(body)
            self.wfile.write(body[:after])
            self.wfile.flush()
            if do == "stall":
                threading.Event().wait(3600)
            if do == "cut":
                self.close_connection = True
                self.connection.shutdown(2)
        except OSError:
            self.close_connection = True

    def send_file(self, body, headers):
        do, asked = self.trouble.get("do"), self.headers.get("Range")
        if do == "other":
            body = body[:-1] + bytes([body[-1] ^ 1])
        if do == "short":
            body = body[:-1]
        if do == "long":
            body = body + b"!"
        start = int(asked.split("=")[1].split("-")[0]) if asked and do != "whole" else 0
        if not asked or do == "whole":
            return self.say(200, {"Accept-Ranges": "bytes", **headers}, body)
        if start >= len(body):
            return self.say(416, {"Content-Range": f"bytes */{len(body)}"})
        if do == "shift":
            start -= 1
        range = f"bytes {start}-{len(body) - 1}/{len(body)}"
        self.say(206, {"Accept-Ranges": "bytes", "Content-Range": range, **headers}, body[start:])


class Hub(Host):
    host = "hub"

    def serve(self, is_known):
        parts = [urllib.parse.unquote(part) for part in self.path.split("?")[0].split("/")[1:]]
        if parts[:2] == ["api", "models"] and len(parts) == 6 and parts[4] == "revision":
            return self.listing(parts[2], parts[3], parts[5], is_known)
        if parts[:2] == ["api", "models"] and len(parts) == 6 and parts[4] == "tree":
            return self.tree(parts[2], parts[3], parts[5], is_known)
        if parts[:3] == ["api", "resolve-cache", "models"]:
            return self.file(parts[3], parts[4], parts[5], "/".join(parts[6:]), is_known)
        if len(parts) >= 5 and parts[2] == "resolve":
            return self.file(parts[0], parts[1], parts[3], "/".join(parts[4:]), is_known)
        self.say(404)

    def commit(self, owner, name, revision, is_known):
        """None where the answer has been given."""
        folder = os.path.join(root, owner, name)
        if not os.path.isdir(folder) or owner == "private" and not is_known:
            return self.say(404 if is_known else 401, {"X-Error-Code": "RepoNotFound"})
        if owner == "gated" and not is_known:
            return self.say(401, {"X-Error-Code": "GatedRepo"})
        with open(os.path.join(folder, "refs.json")) as file:
            refs = json.load(file)
        commit = refs.get(revision, revision)
        if not os.path.isdir(os.path.join(folder, commit)) or len(commit) != 40:
            return self.say(404, {"X-Error-Code": "RevisionNotFound"})
        return commit

    def names(self, folder):
        return sorted(os.path.relpath(os.path.join(place, file), folder) for place, _, files in os.walk(folder) for file in files)

    def tree(self, owner, name, revision, is_known):
        """What the hub's own library asks for besides."""
        commit = self.commit(owner, name, revision, is_known)
        if commit is None:
            return
        folder, entries = os.path.join(root, owner, name, commit), []
        for path in self.names(folder):
            with open(os.path.join(folder, path), "rb") as file:
                body = file.read()
            entry = {"type": "file", "path": path, "size": len(body), "oid": hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()}
            if path.endswith(".safetensors"):
                entry["lfs"] = {"oid": hashlib.sha256(body).hexdigest(), "size": len(body), "pointerSize": 134}
            entries.append(entry)
        self.say(200, {"Content-Type": "application/json"}, json.dumps(entries).encode())

    def listing(self, owner, name, revision, is_known):
        commit = self.commit(owner, name, revision, is_known)
        if commit is None:
            return
        names = self.names(os.path.join(root, owner, name, commit))
        document = {"id": f"{owner}/{name}", "sha": commit, "siblings": [{"rfilename": name} for name in names], "tags": [], "private": owner == "private"}
        document.update(self.trouble.get("listing", {}))
        self.say(200, {"Content-Type": "application/json"}, json.dumps(document).encode())

    def file(self, owner, name, revision, path, is_known):
        commit = self.commit(owner, name, revision, is_known)
        if commit is None:
            return
        place = os.path.join(root, owner, name, commit, path)
        if not os.path.isfile(place):
            return self.say(404, {"X-Error-Code": "EntryNotFound"})
        if owner == "cached" and not self.path.startswith("/api/"):
            # As the hub keeps small files for a while: by a redirect to itself.
            return self.say(307, {"Location": f"/api/resolve-cache/models/{owner}/{name}/{commit}/{urllib.parse.quote(path)}", "X-Repo-Commit": commit}, b"elsewhere\n")
        with open(place, "rb") as file:
            body = file.read()
        headers = {"X-Repo-Commit": commit, "Content-Type": "application/octet-stream"}
        if not path.endswith(".safetensors"):
            git = hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()
            return self.send_file(body, {"ETag": f'"{git}"', **headers})
        digest = hashlib.sha256(body).hexdigest()
        query = urllib.parse.urlencode({"Signature": "a-signed-address"})
        location = f"http://127.0.0.1:{store.server_port}/{owner}/{name}/{commit}/{urllib.parse.quote(path)}?{query}"
        self.say(302, {"Location": location, "X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(body)), "ETag": f'"{digest[:40]}"', **headers})


class Store(Host):
    """Where large files lie. It knows nobody: a token that comes here was given away."""
    host = "store"

    def serve(self, is_known):
        place = os.path.join(root, urllib.parse.unquote(self.path.split("?")[0]).lstrip("/"))
        if "Signature=" not in self.path or not os.path.isfile(place):
            return self.say(403)
        with open(place, "rb") as file:
            self.send_file(file.read(), {"ETag": '"not-a-digest-of-ours"'})


hub, store = (ThreadingHTTPServer(("127.0.0.1", 0), host) for host in (Hub, Store))
for server in (hub, store):
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(hub.server_port, store.server_port, flush=True)
sys.stdin.read()
