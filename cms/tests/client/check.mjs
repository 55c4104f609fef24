// What users of the official client do, against the server at CMS_URL. Every step is a claim;
// the first one that does not hold ends the program with exit code 1.
import assert from 'node:assert/strict';
import {
  HTTPAuthorizationError,
  HTTPBadRequestError,
  HTTPForbiddenError,
  HTTPNotFoundError,
  strapi,
  StrapiInitializationError,
} from '@strapi/client';

const baseURL = `${process.env.CMS_URL}/api`;
const as = (auth) => strapi({ baseURL, auth });
const client = as(process.env.CMS_FULL_TOKEN);
const reader = as(process.env.CMS_READER_TOKEN);
const anyone = strapi({ baseURL });

async function step(name, check) {
  try {
    await check();
    console.log(`ok ${name}`);
  } catch (error) {
    console.error(`not ok ${name}\n${error.stack}`);
    const body = await error.response?.clone().text().catch(() => '');
    if (body) console.error(body);
    process.exit(1);
  }
}

const names = (answer) => answer.data.map((entry) => entry.name ?? entry.title);
const json = (value) => ({
  method: 'POST',
  body: JSON.stringify(value),
  headers: { 'Content-Type': 'application/json' },
});

const tags = client.collection('tags');
const authors = client.collection('authors');
const articles = client.collection('articles');
const ids = {};

await step('a collection is written and read', async () => {
  for (const name of ['alpha', 'beta', 'gamma']) {
    const { data } = await tags.create({ name });
    assert.equal(data.name, name);
    assert.match(data.documentId, /^[a-z0-9]{24}$/);
    ids[name] = data.documentId;
  }
  const one = await tags.findOne(ids.beta);
  assert.equal(one.data.name, 'beta');
  assert.deepEqual(one.meta, {});
  const changed = await tags.update(ids.beta, { name: 'delta' });
  assert.equal(changed.data.name, 'delta');
  assert.equal((await tags.findOne(ids.beta)).data.name, 'delta');
});

await step('lists are filtered, sorted, cut and paged', async () => {
  const filtered = await tags.find({
    filters: { $or: [{ name: { $eq: 'alpha' } }, { name: { $startsWith: 'del' } }] },
    sort: ['name:desc'],
    fields: ['name'],
  });
  assert.deepEqual(names(filtered), ['delta', 'alpha']);
  assert.deepEqual(Object.keys(filtered.data[0]).sort(), ['documentId', 'id', 'name']);
  const page = await tags.find({ sort: 'name', pagination: { page: 2, pageSize: 2 } });
  assert.deepEqual(names(page), ['gamma']);
  assert.deepEqual(page.meta.pagination, { page: 2, pageSize: 2, pageCount: 2, total: 3 });
  const cut = await tags.find({ sort: 'name', pagination: { start: 1, limit: 1 } });
  assert.deepEqual(names(cut), ['delta']);
  assert.equal(cut.meta.pagination.total, 3);
  const among = await tags.find({ filters: { name: { $in: ['alpha', 'gamma'] } }, sort: 'name' });
  assert.deepEqual(names(among), ['alpha', 'gamma']);
});

await step('relations are connected and populated', async () => {
  const { data: author } = await authors.create({ name: 'Ada', email: 'ada@example.test' });
  ids.author = author.documentId;
  const { data: article } = await articles.create({
    title: 'First',
    slug: 'first',
    author: ids.author,
    tags: { connect: [ids.alpha, ids.gamma] },
  });
  ids.article = article.documentId;
  assert.equal(article.author, undefined);
  const { data } = await articles.findOne(ids.article, {
    populate: { author: { fields: ['name'] }, tags: { sort: 'name:desc' } },
  });
  assert.equal(data.author.name, 'Ada');
  assert.deepEqual(data.tags.map((tag) => tag.name), ['gamma', 'alpha']);
  const through = await articles.find({
    filters: { author: { name: { $eq: 'Ada' } } },
    populate: '*',
  });
  assert.equal(through.data[0].author.documentId, ids.author);
});

await step('drafts and locales are worlds of their own', async () => {
  const draft = await articles.create({ title: 'Second', slug: 'second' }, { status: 'draft' });
  const id = draft.data.documentId;
  assert.equal(draft.data.publishedAt, null);
  await assert.rejects(articles.findOne(id), HTTPNotFoundError);
  assert.equal((await articles.findOne(id, { status: 'draft' })).data.title, 'Second');
  const german = await articles.update(ids.article, { title: 'Erster', slug: 'erster' }, { locale: 'de' });
  assert.equal(german.data.locale, 'de');
  assert.equal((await articles.findOne(ids.article)).data.title, 'First');
  assert.equal((await articles.findOne(ids.article, { locale: 'de' })).data.title, 'Erster');
  await articles.delete(id);
  await assert.rejects(articles.findOne(id, { status: 'draft' }), HTTPNotFoundError);
});

await step('a single type is written, read and deleted', async () => {
  const homepage = client.single('homepage');
  await assert.rejects(homepage.find(), HTTPNotFoundError);
  const written = await homepage.update({ headline: 'Welcome' });
  assert.equal(written.data.headline, 'Welcome');
  assert.equal((await homepage.find()).data.headline, 'Welcome');
  await homepage.delete();
  await assert.rejects(homepage.find(), HTTPNotFoundError);
});

await step('files are uploaded, found, described and deleted', async () => {
  const text = new File(['hello'], 'hello.txt', { type: 'text/plain' });
  const [file] = await client.files.upload(text, { fileInfo: { caption: 'A greeting' } });
  assert.deepEqual([file.name, file.mime, file.caption], ['hello.txt', 'text/plain', 'A greeting']);
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="4"/>');
  const [drawing] = await client.files.upload(svg, {
    filename: 'dot.svg',
    mimetype: 'image/svg+xml',
    fileInfo: { name: 'Dot', alternativeText: 'a dot' },
  });
  assert.deepEqual([drawing.name, drawing.ext, drawing.width], ['Dot', '.svg', 8]);
  const found = await client.files.find({ filters: { mime: { $contains: 'text' } }, sort: 'name' });
  assert.deepEqual(found.map((each) => each.id), [file.id]);
  assert.equal((await client.files.findOne(file.id)).url, file.url);
  const served = await fetch(`${process.env.CMS_URL}${file.url}`);
  assert.equal(await served.text(), 'hello');
  const described = await client.files.update(file.id, { name: 'Hi', alternativeText: 'hi' });
  assert.deepEqual([described.name, described.caption], ['Hi', 'A greeting']);
  await client.files.delete(file.id);
  await assert.rejects(client.files.findOne(file.id), { name: 'FileNotFoundError' });
  await assert.rejects(reader.files.delete(drawing.id), { name: 'FileForbiddenError' });
});

await step('users register, log in and stay', async () => {
  const account = { username: 'grace', email: 'grace@example.test', password: 'Secret-grace-1' };
  const registered = await (await anyone.fetch('/auth/local/register', json(account))).json();
  assert.equal(registered.user.username, 'grace');
  const login = { identifier: account.email, password: account.password };
  const session = await (await anyone.fetch('/auth/local', json(login))).json();
  const me = await (await as(session.jwt).fetch('/users/me')).json();
  assert.equal(me.email, account.email);
  const { refreshToken } = session;
  const renewed = await (await anyone.fetch('/auth/refresh', json({ refreshToken }))).json();
  assert.equal((await as(renewed.jwt).fetch('/users/me')).status, 200);
  const wrong = { ...login, password: 'Secret-grace-2' };
  await assert.rejects(anyone.fetch('/auth/local', json(wrong)), HTTPBadRequestError);
});

await step('users are kept like other collections', async () => {
  const users = client.collection('users');
  const { roles } = await (await client.fetch('/users-permissions/roles')).json();
  const created = await users.create({
    username: 'linus',
    email: 'linus@example.test',
    password: 'Secret-linus-1',
    role: roles[0].id,
  });
  assert.equal(created.username, 'linus');
  assert.equal((await users.update(created.id, { username: 'linus2' })).username, 'linus2');
  const list = await users.find({ filters: { username: 'linus2' }, populate: 'role' });
  assert.equal(list[0].role.name, roles[0].name);
  await users.delete(created.id);
  assert.deepEqual(await users.find({ filters: { username: 'linus2' } }), []);
});

await step('errors have the classes of their status', async () => {
  await assert.rejects(tags.find({ filters: { nope: 1 } }), HTTPBadRequestError);
  await assert.rejects(as('not-a-token').collection('tags').find(), HTTPAuthorizationError);
  await assert.rejects(anyone.collection('tags').find(), HTTPForbiddenError);
  await assert.rejects(reader.collection('tags').create({ name: 'x' }), HTTPForbiddenError);
  await assert.rejects(tags.findOne('a'.repeat(24)), HTTPNotFoundError);
  await assert.rejects(client.collection('nothings').find(), HTTPNotFoundError);
  assert.throws(() => strapi({ baseURL: 'nowhere' }), StrapiInitializationError);
  const error = await tags.create({ name: 5, nope: 1 }).catch((caught) => caught);
  const body = await error.response.json();
  assert.deepEqual([body.data, body.error.name], [null, 'ValidationError']);
});

await step('a reader reads and deleted entries are gone', async () => {
  assert.equal((await reader.collection('tags').find()).data.length, 3);
  await tags.delete(ids.alpha);
  await assert.rejects(tags.findOne(ids.alpha), HTTPNotFoundError);
});
