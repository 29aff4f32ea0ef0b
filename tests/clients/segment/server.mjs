// A server's client, as its documentation shows it: every call of the specification, then close.
//
// usage: node server.mjs KAIROS_URL WRITE_KEY USER
// Prints a line of JSON: how many calls were delivered, and what went wrong.
import { Analytics } from "@segment/analytics-node";

const [host, writeKey, userId] = process.argv.slice(2);
const analytics = new Analytics({ writeKey, host, flushAt: 4, maxRetries: 2 });
const errors = [];
let delivered = 0;
analytics.on("error", (error) => errors.push(String(error.code ?? error)));
const sent = () => {
  delivered += 1;
};

const anonymousId = `visitor-of-${userId}`;
const timestamp = new Date(Date.now() - 60_000);
analytics.page({ anonymousId, name: "Pricing", timestamp }, sent);
analytics.identify({ userId, anonymousId, traits: { email: `${userId}@example.com`, plan: "pro" } }, sent);
analytics.track({ userId, event: "Report Downloaded", properties: { pages: 3, title: "Größe ✓" } }, sent);
analytics.screen({ userId, name: "Home" }, sent);
analytics.group({ userId, groupId: "g1", traits: { name: "Team Blue" } }, sent);
analytics.alias({ userId, previousId: anonymousId }, sent);
await analytics.closeAndFlush();
console.log(JSON.stringify({ delivered, errors, anonymousId }));
