// SPDX-License-Identifier: Apache-2.0
// HubSpot's own client for Node, which knows nothing of us, at work in an account. Prints what it saw.
"use strict";
const { Client, Signature } = require("@hubspot/api-client");

const given = JSON.parse(process.argv[2]);
const client = new Client({ accessToken: given.token, basePath: given.url, numberOfApiCallRetries: 3 });
const contacts = client.crm.contacts;

async function refused(work) {
  try {
    await work;
  } catch (error) {
    return { status: error.code, category: error.body?.category ?? "" };
  }
  return null;
}

async function main() {
  const everybody = await contacts.getAll(100, undefined, ["firstname"]);
  const [first, second, third] = everybody.map((one) => one.id);
  const batch = await contacts.batchApi.update({
    inputs: [first, "42"].map((id) => ({ id, properties: { city: "Bonn" } })),
  });
  const merged = await contacts.basicApi.merge({ primaryObjectId: first, objectIdToMerge: second });
  await contacts.basicApi.archive(third);
  // as often as the limiter of searches allows, and once more: the client waits and tries again
  const rule = { propertyName: "city", operator: "EQ", value: "Bonn" };
  const asked = { filterGroups: [{ filters: [rule] }], properties: ["city"], limit: 10 };
  const hits = [];
  for (let n = 0; n <= given.searches; n++) hits.push((await contacts.searchApi.doSearch(asked)).total);
  const lists = await client.crm.lists.listsApi.doSearch({ query: "", additionalProperties: ["hs_list_size"], offset: 0 });
  const signed = { clientSecret: given.secret, url: given.hook, requestBody: given.body, timestamp: given.at };
  return {
    ids: everybody.map((one) => one.id),
    updated: batch.results.map((one) => one.id),
    missing: batch.errors.map((one) => [one.category, one.context.ids]),
    merged: merged.id,
    gone: await refused(contacts.basicApi.getById(third)),
    beyond: await refused(contacts.searchApi.doSearch({ ...asked, after: "9995" })),
    hits,
    lists: lists.lists.map((one) => [one.name, one.additionalProperties.hs_list_size]),
    signatures: ["v1", "v2", "v3"].map((version) => Signature.getSignature("POST", version, signed)),
    stranger: await refused(new Client({ accessToken: "wrong", basePath: given.url }).crm.contacts.basicApi.getPage()),
  };
}

main().then((seen) => console.log(JSON.stringify(seen)));
