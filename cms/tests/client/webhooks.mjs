// Verifies a delivery with the reference library, as its users do, and tries what a thief would.
// Reads one JSON object with `secret`, `headers` and `body` from standard input.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

const { secret, headers, body } = JSON.parse(readFileSync(0, "utf8"));
const webhook = new Webhook(secret);
const refused = (what, body, headers) =>
  assert.throws(() => webhook.verify(body, headers), WebhookVerificationError, what);

assert.deepEqual(webhook.verify(body, headers), JSON.parse(body));

refused("another body", body.replace("api::", "apj::"), headers);
refused("a longer body", `${body} `, headers);
refused("no signature", body, { ...headers, "webhook-signature": "" });
refused("another signature", body, { ...headers, "webhook-signature": `v1,${"A".repeat(43)}=` });
refused("another kind of signature", body, {
  ...headers,
  "webhook-signature": headers["webhook-signature"].replaceAll("v1,", "v1a,"),
});
const stranger = new Webhook(Buffer.alloc(24, 7).toString("base64"));
assert.throws(() => stranger.verify(body, headers), WebhookVerificationError, "another secret");

// Sent once more by somebody who has recorded it: neither its id nor its time can be renewed,
// and under its own id it is known.
refused("another id", body, { ...headers, "webhook-id": `${headers["webhook-id"]}x` });
const later = Number(headers["webhook-timestamp"]) + 1;
refused("another time", body, { ...headers, "webhook-timestamp": String(later) });

// Its own clock, six minutes off either way: stale, or from the future.
const now = Date.now;
for (const minutes of [6, -6]) {
  Date.now = () => now() + minutes * 60_000;
  refused("a time too far off", body, headers);
}
Date.now = () => now() + 4 * 60_000;
webhook.verify(body, headers);
