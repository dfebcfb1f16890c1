// SPDX-License-Identifier: Apache-2.0
// jsforce, which knows nothing of us, at work in an org. Prints what it saw.
"use strict";
const jsforce = require("jsforce");

const given = JSON.parse(process.argv[2]);
const grant = { grant_type: "client_credentials" };
let logins = 0;

async function login(connection) {
  logins += 1;
  await connection.authorize(grant);
}

const org = new jsforce.Connection({
  version: "68.0",
  oauth2: { clientId: given.client_id, clientSecret: given.client_secret, loginUrl: given.url },
  refreshFn: (connection, done) => login(connection).then(() => done(null, connection.accessToken), done),
});

async function refused(work) {
  try {
    await work;
  } catch (error) {
    return error.errorCode ?? error.name;
  }
  return "";
}

async function main() {
  await login(org);
  const everybody = await org.query("SELECT Id FROM Contact ORDER BY Id", { autoFetch: true, maxFetch: 10000 });
  const ids = everybody.records.map((one) => one.Id);
  const task = { Status: "Completed", Priority: "Normal" };
  const written = await org.sobject("Task").create(
    [{ ...task, WhoId: ids[0] }, { ...task, WhoId: "003000000000001AAA" }, { ...task, Status: "" }],
    { allOrNone: false },
  );
  const made = await org.sobject("Contact").create({ LastName: "Lovelace" });
  await org.sobject("Contact").update({ Id: made.id, FirstName: "Ada" });
  const read = await org.sobject("Contact").retrieve(made.id);
  await org.sobject("Contact").destroy(made.id);
  const fields = (await org.sobject("ContactPointTypeConsent").describe()).fields.map((one) => one.name);
  const bulk = await (await org.bulk2.query("SELECT Id, DoNotCall FROM Contact", { pollInterval: 20 })).toArray();
  org.accessToken = "ended"; // as it is in the middle of a sync
  const after = await org.query("SELECT COUNT() FROM Contact");
  return {
    total: everybody.totalSize,
    ids,
    written: written.map((one) => (one.success ? "" : one.errors[0].statusCode ?? one.errors[0].errorCode)),
    name: `${read.FirstName} ${read.LastName}`,
    deleted: await refused(org.sobject("Contact").retrieve(made.id)),
    wrong: await refused(org.query("SELECT Missing__c FROM Contact")),
    fields,
    bulk: bulk.map((one) => [one.Id, one.DoNotCall]),
    after: after.totalSize,
    logins,
    used: org.limitInfo.apiUsage,
  };
}

main().then((seen) => console.log(JSON.stringify(seen)));
