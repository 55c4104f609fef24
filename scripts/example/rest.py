"""A very small client of Strapi's REST dialect, standard library only."""

import json
import secrets
import urllib.error
import urllib.parse
import urllib.request

TIMEOUT_SECONDS = 120  # an upload waits for the smaller formats to be made


class ApiError(Exception):
    """The server refused, or could not be reached; the text says what and where."""


class Api:
    def __init__(self, base_url, token):
        self.base_url = base_url.rstrip("/")
        self.token = token

    def call(self, method, path, query=None, body=None, content_type="application/json", accept_missing=False):
        """The answer's JSON, or None for an empty body (and for 404 when that may be)."""
        url = self.base_url + path + ("?" + urllib.parse.urlencode(query) if query else "")
        request = urllib.request.Request(url, data=body, method=method)
        request.add_header("Authorization", f"Bearer {self.token}")
        if body is not None:
            request.add_header("Content-Type", content_type)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            if error.code == 404 and accept_missing:
                return None
            raise ApiError(f"{method} {path} answered {error.code}: {explain(error)}") from error
        except (urllib.error.URLError, OSError) as error:
            raise ApiError(f"cannot reach {self.base_url}: {getattr(error, 'reason', error)}") from error
        return json.loads(text) if text else None

    def write(self, method, path, data, locale):
        body = json.dumps({"data": data}, ensure_ascii=False).encode()
        return self.call(method, path, {"locale": locale}, body)["data"]

    def upload(self, file, info):
        """Sends one picture; returns the stored file."""
        boundary = secrets.token_hex(16)
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="fileInfo"\r\n\r\n'
            f"{json.dumps(info, ensure_ascii=False)}\r\n"
            f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{file.name}"\r\n'
            f"Content-Type: {'image/png' if file.suffix == '.png' else 'image/jpeg'}\r\n\r\n"
        )
        body = head.encode() + file.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        content_type = f"multipart/form-data; boundary={boundary}"
        return self.call("POST", "/api/upload", body=body, content_type=content_type)[0]


def explain(error):
    """Strapi's error envelope in one line, or the start of whatever came instead."""
    text = error.read().decode("utf-8", "replace")
    try:
        problem = json.loads(text)["error"]
        details = (problem.get("details") or {}).get("errors") or []
        fields = "; ".join(f"{'.'.join(map(str, d.get('path', [])))}: {d.get('message')}" for d in details)
        return problem["message"] + (f" ({fields})" if fields else "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return text[:200] or error.reason
