// A foreign client of the feed: subscribes, decodes with the sources in proto/, prints a line of JSON per fact.
//
// usage: node feed.mjs NATS_URL PROTO_DIR SUBJECT
// Prints {"ready": true} once it listens; ends with the connection, or when its input is closed.
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { connect } from "@nats-io/transport-node";
import protobuf from "protobufjs";

const [address, protoFolder, subject] = process.argv.slice(2);
const url = new URL(address);

const root = new protobuf.Root();
root.resolvePath = (_, target) => join(protoFolder, target);
const sources = readdirSync(protoFolder, { recursive: true }).filter((name) => name.endsWith(".proto"));
await root.load(sources, { keepCase: true });
const Fact = root.lookupType("kairos.bus.v1.Fact");

const nats = await connect({
  servers: url.host,
  user: decodeURIComponent(url.username),
  pass: decodeURIComponent(url.password),
  name: "feed-client",
});
const subscription = nats.subscribe(subject);
await nats.flush();
console.log(JSON.stringify({ ready: true }));
process.stdin.on("end", () => nats.close()).resume();

for await (const message of subscription) {
  const fact = Fact.decode(message.data);
  const { body } = fact;
  console.log(
    JSON.stringify({
      subject: message.subject,
      headers: Object.fromEntries(message.headers?.keys().map((key) => [key, message.headers.get(key)]) ?? []),
      body,
      fact: Fact.toObject(fact, { longs: String, enums: String, bytes: String }),
    }),
  );
}
