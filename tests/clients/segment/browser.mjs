// analytics.js in a real browser, on a page of another origin, as a shop's own site has it.
//
// usage: node browser.mjs CHROMIUM KAIROS_URL BROWSER_WRITE_KEY USER
// Prints a line of JSON: what the page delivered, and what the browser complained about.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";

import { chromium } from "playwright-core";

const [executablePath, kairos, writeKey, user] = process.argv.slice(2);
const scripts = join(dirname(createRequire(import.meta.url).resolve("@segment/analytics-next")), "..", "umd");
const html = `<!doctype html><title>Shop</title><script src="/index.js"></script>`;

const site = createServer((request, response) => {
  const name = basename(new URL(request.url, "http://shop").pathname);
  if (name.endsWith(".js")) {
    response.setHeader("content-type", "text/javascript");
    response.end(readFileSync(join(scripts, name)));
  } else {
    response.setHeader("content-type", "text/html");
    response.end(html);
  }
});
await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
const shop = `http://127.0.0.1:${site.address().port}`;

const browser = await chromium.launch({
  executablePath,
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
  ],
});
const complaints = [];
const errors = [];
const page = await browser.newPage();
page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
page.on("pageerror", (error) => errors.push(String(error)));

// Runs in the page: loads the client, tells it where Kairos is, nothing else.
const load = ({ kairos, writeKey, strategy }) => {
  const segment = {
    apiKey: writeKey,
    apiHost: `${new URL(kairos).host}/v1`,
    protocol: "http",
    deliveryStrategy: strategy,
  };
  window.analytics = window.AnalyticsNext.AnalyticsBrowser.load({
    writeKey,
    cdnSettings: { integrations: { "Segment.io": segment } },
  });
};

// One by one: each call is a request of its own, answered before the next.
await page.goto(`${shop}/product?utm_source=letter&utm_campaign=spring`);
await page.evaluate(load, { kairos, writeKey });
const delivered = await page.evaluate(async (user) => {
  const done = [];
  const told = (context) => done.push({ type: context.event.type, failed: context.failedDelivery()?.reason ?? null });
  told(await window.analytics.page("Product"));
  told(await window.analytics.track("Product Viewed", { sku: "shoe-42", price: 59.9 }));
  told(await window.analytics.identify(user, { email: `${user}@example.com`, first_name: "Bella" }));
  told(await window.analytics.track("Product Added", { sku: "shoe-42" }));
  const { anonymousId } = await window.analytics.user().then((one) => ({ anonymousId: one.anonymousId() }));
  return { done, anonymousId };
}, user);

// In batches, and the visitor leaves before the batch was full: the browser still delivers it.
await page.goto(`${shop}/cart`);
await page.evaluate(load, { kairos, writeKey, strategy: { strategy: "batching", config: { size: 10, timeout: 60_000 } } });
await page.evaluate(async () => {
  await window.analytics.ready();
  window.analytics.track("Cart Viewed", { items: 1 });
  window.analytics.track("Checkout Started", { items: 1 });
  await new Promise((resolve) => setTimeout(resolve, 300));
});
await page.goto("about:blank");

// A refusal can be read by the page too: the answer carries the header that CORS asks for.
await page.goto(shop);
const refused = await page.evaluate(async (kairos) => {
  const answer = await fetch(`${kairos}/v1/track`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa("kw_nobody:")}`, "content-type": "application/json" },
    body: JSON.stringify({ userId: "u", event: "E" }),
  });
  return { status: answer.status, problem: (await answer.json()).status };
}, kairos);

await browser.close();
site.close();
console.log(JSON.stringify({ ...delivered, refused, complaints, errors }));
