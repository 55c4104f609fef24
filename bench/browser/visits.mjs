// What a browser transfers when it visits the example publication again.
//
// Three visits of the same pages by one browser: the first, the second, and a third after
// an edit elsewhere was published. Prints a table; exits with 1 unless in the second and the
// third visit every HTML page was a 304, no hashed asset was asked for at all, and no other file
// (media may be replaced under their names) came again.
//
//   node visits.mjs SITE API TOKEN

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [site, api, token] = process.argv.slice(2);
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = PLACES.find(existsSync);
if (!executablePath) throw new Error(`no browser at ${PLACES.join(', ')}`);

const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
const ask = async (path, options) => (await fetch(`${api}${path}`, { headers, ...options })).json();
const { data: articles } = await ask('/articles?sort=publishedOn:desc&fields=slug&pagination[pageSize]=100');
const [visited, edited] = [articles[0], articles.at(-1)];
const pages = ['about/', `blog/${visited.slug}/`];

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const context = await browser.newContext();

// One visit: every answer the pages needed, by kind.
async function visit(name) {
  const rows = { html: tally(), 'hashed assets': tally(), 'other files': tally() };
  for (const path of pages) {
    const page = await context.newPage();
    const wire = await context.newCDPSession(page);
    await wire.send('Network.enable');
    const kinds = new Map(), cached = new Set();
    wire.on('Network.requestServedFromCache', ({ requestId }) => cached.add(requestId));
    wire.on('Network.responseReceivedExtraInfo', ({ requestId, statusCode }) =>
      kinds.set(requestId, { ...kinds.get(requestId), status: statusCode }));
    wire.on('Network.responseReceived', ({ requestId, type, response }) => {
      if (!response.url.startsWith('http')) return;
      if (response.fromDiskCache) cached.add(requestId);
      const hashed = new URL(response.url).pathname.startsWith('/assets/');
      const row = rows[type === 'Document' ? 'html' : hashed ? 'hashed assets' : 'other files'];
      kinds.set(requestId, { status: response.status, ...kinds.get(requestId), row });
    });
    const sizes = new Map();
    wire.on('Network.loadingFinished', ({ requestId, encodedDataLength }) =>
      sizes.set(requestId, encodedDataLength));
    await page.goto(`${site}${path}`, { waitUntil: 'networkidle' });
    for (const [id, { row, status }] of kinds) {
      if (!row) continue;
      row.files++;
      // The status on the wire: the browser itself shows a 304 as the 200 it stands for.
      if (cached.has(id) && status !== 304) row.cache++;
      else {
        row.asked++;
        row.bytes += sizes.get(id) ?? 0;
        if (status === 304) row.unchanged++;
      }
    }
    await wire.detach();
    await page.close();
  }
  for (const [kind, row] of Object.entries(rows))
    console.log(`| ${name} | ${kind} | ${row.files} | ${row.asked} | ${row.unchanged} | ${row.cache} | ${row.bytes} |`);
  return rows;
}

function tally() {
  return { files: 0, asked: 0, unchanged: 0, cache: 0, bytes: 0 };
}

console.log('| visit | kind | files | asked for | of them 304 | from the browser | bytes |');
console.log('|---|---|---:|---:|---:|---:|---:|');
await visit('first');
const second = await visit('second');

const title = `Edited ${Date.now()}`;
await ask(`/articles/${edited.documentId}`, { method: 'PUT', body: JSON.stringify({ data: { title } }) });
const patience = Date.now() + 30_000;
while (!(await (await fetch(`${site}blog/${edited.slug}/`)).text()).includes(title)) {
  if (Date.now() > patience) throw new Error('the edit did not become a page');
}
const third = await visit('after a publish');
await browser.close();

const quiet = (rows) =>
  rows.html.unchanged === rows.html.files &&
  rows['hashed assets'].asked === 0 &&
  rows['other files'].unchanged === rows['other files'].asked;
if (!quiet(second) || !quiet(third)) {
  console.error('error: something was transferred that the browser had already');
  process.exitCode = 1;
}
