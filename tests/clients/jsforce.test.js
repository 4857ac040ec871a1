// jsforce from npm, unmodified, against a running orgsim (tests/clients/run starts one). Every case is something its users
// do against real orgs; nothing here knows how orgsim works inside.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import jsforce from 'jsforce';

const { ORGSIM_URL, ORGSIM_CONTROL } = process.env;
assert.ok(ORGSIM_URL && ORGSIM_CONTROL, 'set ORGSIM_URL and ORGSIM_CONTROL, or start tests/clients/run');

const version = '60.0';
let facts;

async function control(path, body) {
	const method = body === undefined ? 'GET' : 'POST';
	const reply = await fetch(ORGSIM_CONTROL + path, { method, body: body && JSON.stringify(body) });
	assert.ok(reply.ok, `${path}: ${reply.status}`);
	const text = await reply.text();
	if (reply.headers.get('content-type').includes('ndjson'))
		return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
	return JSON.parse(text);
}

async function token() {
	const reply = await fetch(ORGSIM_URL + '/services/oauth2/token', {
		method: 'POST',
		body: new URLSearchParams({
			grant_type: 'client_credentials',
			client_id: facts.client_id,
			client_secret: facts.client_secret,
		}),
	});
	assert.equal(reply.status, 200);
	return reply.json();
}

async function connect(more = {}) {
	const { access_token: accessToken, instance_url: instanceUrl } = await token();
	return new jsforce.Connection({ instanceUrl, accessToken, version, ...more });
}

function soapConnection() {
	return new jsforce.Connection({ loginUrl: ORGSIM_URL, instanceUrl: ORGSIM_URL, version });
}

before(async () => {
	facts = await control('/org');
});

test('SOAP login gives user, org and a session that works', async () => {
	const conn = soapConnection();
	const user = await conn.login(facts.username, facts.password);
	assert.equal(user.organizationId, facts.org_id);
	assert.equal(conn.instanceUrl, ORGSIM_URL);
	const identity = await conn.identity();
	assert.equal(identity.username, facts.username);
	assert.equal(identity.organization_id, facts.org_id);
	assert.equal(identity.user_id, user.id);
	await conn.logout();
});

test('SOAP login with a wrong password is INVALID_LOGIN', async () => {
	await assert.rejects(soapConnection().login(facts.username, 'wrong'), (error) => {
		assert.match(error.message, /^INVALID_LOGIN: Invalid username, password, security token/);
		return true;
	});
});

test('username-password login over OAuth', async () => {
	const conn = new jsforce.Connection({
		version,
		oauth2: {
			loginUrl: ORGSIM_URL,
			clientId: facts.client_id,
			clientSecret: facts.client_secret,
		},
	});
	const user = await conn.login(facts.username, facts.password);
	assert.equal(user.organizationId, facts.org_id);
	assert.equal((await conn.query('SELECT Id FROM Organization')).totalSize, 1);
});

test('client credentials over OAuth', async () => {
	const conn = new jsforce.Connection({
		version,
		instanceUrl: ORGSIM_URL,
		oauth2: {
			loginUrl: ORGSIM_URL,
			clientId: facts.client_id,
			clientSecret: facts.client_secret,
		},
	});
	await conn.authorize({ grant_type: 'client_credentials' });
	assert.equal((await conn.identity()).username, facts.username);
});

test('describe, describeGlobal and limits', async () => {
	const conn = await connect();
	const contact = await conn.sobject('Contact').describe();
	const field = contact.fields.find((one) => one.name === 'HasOptedOutOfEmail');
	assert.equal(field.label, 'Email Opt Out');
	assert.equal(field.type, 'boolean');
	assert.equal(field.updateable, true);
	assert.equal(Object.keys(field).length, 57);
	const all = await conn.describeGlobal();
	assert.deepEqual(all.sobjects.map((one) => one.keyPrefix),
		['001', '003', '00Q', '00D', '005']);
	const limits = await conn.limits();
	assert.equal(limits.DailyApiRequests.Max, 115000);
	assert.ok(conn.limitInfo.apiUsage.used >= 3);
	assert.equal(conn.limitInfo.apiUsage.limit, 115000);
});

test('a query is fetched over all its pages', async () => {
	const conn = await connect();
	const first = await conn.query('SELECT Id, Email FROM Contact ORDER BY Id');
	assert.equal(first.totalSize, 5000);
	assert.equal(first.records.length, 2000);
	const second = await conn.queryMore(first.nextRecordsUrl);
	assert.equal(second.records.length, 2000);
	const all = await conn.query('SELECT Id FROM Contact').execute({ autoFetch: true, maxFetch: 10000 });
	const rows = all.records ?? all;
	assert.equal(new Set(rows.map((row) => row.Id)).size, 5000);
});

test('conditions built by the client select the right rows', async () => {
	const conn = await connect();
	const [one] = await control('/records?object=Contact&limit=1');
	const found = await conn.sobject('Contact')
		.find({ Id: one.Id, IsDeleted: false, CreatedDate: { $lte: jsforce.SfDate.toDateTimeLiteral(new Date()) } },
			'Id, Name, Account.Name')
		.limit(5);
	assert.equal(found.length, 1);
	assert.equal(found[0].Name, one.Name);
	assert.equal(found[0].Account.attributes.type, 'Account');
	assert.equal(await conn.sobject('Lead').count({ IsConverted: false }), 2500);
});

test('records are created, read, updated and deleted', async () => {
	const conn = await connect();
	const made = await conn.sobject('Lead').create({ LastName: "O'Hara", Company: 'Acorn', Email: "o'h+a@new.example" });
	assert.equal(made.success, true);
	const read = await conn.sobject('Lead').retrieve(made.id);
	assert.equal(read.Name, "O'Hara");
	assert.equal(read.Status, 'Open - Not Contacted');
	const updated = await conn.sobject('Lead').update({ Id: made.id, HasOptedOutOfEmail: true });
	assert.deepEqual(updated, { id: made.id, success: true, errors: [] });
	const found = await conn.sobject('Lead').findOne({ Email: "O'H+A@new.example" }, 'Id, HasOptedOutOfEmail');
	assert.equal(found.HasOptedOutOfEmail, true);
	assert.equal((await conn.sobject('Lead').destroy(made.id)).success, true);
	await assert.rejects(conn.sobject('Lead').destroy(made.id), { errorCode: 'ENTITY_IS_DELETED' });
	await assert.rejects(conn.sobject('Lead').retrieve(made.id), { errorCode: 'NOT_FOUND' });
});

test('more than 200 records are updated in chunks, each with its own result', async () => {
	const conn = await connect();
	const rows = (await conn.query('SELECT Id FROM Contact ORDER BY Id LIMIT 450')).records;
	const updates = rows.map(({ Id }) => ({ Id, HasOptedOutOfEmail: true }));
	updates[300] = { Id: '003000000000001AAA', HasOptedOutOfEmail: true };
	const results = await conn.sobject('Contact').update(updates, { allowRecursive: true });
	assert.equal(results.length, 450);
	assert.equal(results.filter((one) => one.success).length, 449);
	assert.equal(results[300].errors[0].statusCode, 'INVALID_CROSS_REFERENCE_KEY');
	assert.equal(results[449].id, rows[449].Id);
	const [shown] = await control(`/records?object=Contact&id=${rows[0].Id}`);
	assert.equal(shown.HasOptedOutOfEmail, true);
});

test('errors carry the code and the text of the org', async () => {
	const conn = await connect();
	await assert.rejects(conn.query('SELECT Nope FROM Contact'), (error) => {
		assert.equal(error.errorCode, 'INVALID_FIELD');
		assert.match(error.message, /ERROR at Row:1:Column:8\nNo such column 'Nope' on entity 'Contact'/);
		return true;
	});
	await assert.rejects(conn.sobject('Nothing').describe(), { errorCode: 'NOT_FOUND' });
});

test('Bulk 2.0 query', async () => {
	const conn = await connect();
	conn.bulk2.pollInterval = 50;
	const stream = await conn.bulk2.query('SELECT Id, Email, HasOptedOutOfEmail FROM Lead WHERE IsDeleted = FALSE');
	const rows = await stream.toArray();
	assert.equal(rows.length, 2500);
	assert.ok(rows.every((row) => /^00Q/.test(row.Id) && /^(true|false)$/.test(row.HasOptedOutOfEmail)));
});

test('Bulk 2.0 load', async () => {
	const conn = await connect();
	conn.bulk2.pollInterval = 50;
	const rows = (await conn.query('SELECT Id FROM Contact ORDER BY Id DESC LIMIT 300')).records;
	const input = rows.map(({ Id }) => ({ Id, HasOptedOutOfEmail: true, Title: 'said "no", twice' }));
	input.push({ Id: '003000000000001AAA', HasOptedOutOfEmail: true, Title: '' });
	const { successfulResults, failedResults, unprocessedRecords } = await conn.bulk2.loadAndWaitForResults({
		object: 'Contact',
		operation: 'update',
		input,
	});
	assert.equal(successfulResults.length, 300);
	assert.equal(failedResults.length, 1);
	assert.match(failedResults[0].sf__Error, /^INVALID_CROSS_REFERENCE_KEY:/);
	assert.equal(unprocessedRecords.length, 0);
	const [shown] = await control(`/records?object=Contact&id=${rows[0].Id}`);
	assert.equal(shown.Title, 'said "no", twice');
});

test('an expired session is renewed once and the call repeated', async () => {
	let renewals = 0;
	const conn = await connect({
		refreshFn: async (_conn, done) => {
			renewals += 1;
			done(null, (await token()).access_token);
		},
	});
	assert.equal((await conn.query('SELECT Id FROM Organization')).totalSize, 1);
	await control('/session/expire', {});
	assert.equal((await conn.query('SELECT Id FROM Organization')).totalSize, 1);
	assert.equal(renewals, 1);
});

test('a dead session without renewal is INVALID_SESSION_ID', async () => {
	const conn = await connect();
	await control('/session/expire', {});
	await assert.rejects(conn.query('SELECT Id FROM Organization'), { errorCode: 'INVALID_SESSION_ID' });
});
