// Writes TypeScript for the schema and for operations.graphql with GraphQL Code Generator, from
// what a server says when asked as tools ask: the introspection query. Usage: URL TOKEN FOLDER
import { readFile, writeFile } from 'node:fs/promises';
import { codegen } from '@graphql-codegen/core';
import * as operations from '@graphql-codegen/typescript-operations';
import * as types from '@graphql-codegen/typescript';
import { buildClientSchema, getIntrospectionQuery, parse, printSchema, validate } from 'graphql';

const [url, token, folder] = process.argv.slice(2);
const answer = await fetch(url, {
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
  body: JSON.stringify({ query: getIntrospectionQuery({ inputValueDeprecation: true }) }),
});
const { data, errors } = await answer.json();
if (errors) throw new Error(JSON.stringify(errors));
const schema = buildClientSchema(data);
const source = 'operations.graphql';
const document = parse(await readFile(new URL(source, import.meta.url), 'utf8'));
const wrong = validate(schema, document);
if (wrong.length > 0) throw new Error(wrong.join('\n'));
for (const [name, plugin] of Object.entries({ schema: types, operations })) {
  const filename = `${folder}/${name}.ts`;
  const written = await codegen({
    schema: parse(printSchema(schema)),
    documents: [{ location: source, document }],
    filename,
    config: {},
    plugins: [{ [name]: {} }],
    pluginMap: { [name]: plugin },
  });
  await writeFile(filename, written);
}
