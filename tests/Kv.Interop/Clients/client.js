// What Node's etcd3 is used for, against the address in argv: prints one line a step, fails on the first surprise.
const assert = require('node:assert');
const { Etcd3 } = require(require.resolve('etcd3', { paths: [process.env.KV_INTEROP_NODE_MODULES] }));

const client = new Etcd3({ hosts: [`http://${process.argv[2]}`] });

async function main() {
  await client.put('js/a').value('1');
  assert.strictEqual(await client.get('js/a').string(), '1');
  assert.strictEqual(await client.get('js/none').string(), null);
  console.log('put, get');

  await client.put('js/b').value('2');
  assert.deepStrictEqual(await client.getAll().prefix('js/').strings(), { 'js/a': '1', 'js/b': '2' });
  assert.deepStrictEqual(await client.getAll().prefix('js/').sort('Key', 'Descend').limit(1).keys(), ['js/b']);
  assert.strictEqual(await client.getAll().prefix('js/').count(), 2);
  await client.delete().key('js/b');
  console.log('lists, delete');

  const txn = await client.if('js/a', 'Value', '==', '1').then(client.put('js/a').value('3')).else(client.get('js/a')).commit();
  assert.strictEqual(txn.succeeded, true);
  const lost = await client.if('js/a', 'Version', '==', 1).then(client.put('js/a').value('4')).else(client.get('js/a')).commit();
  assert.strictEqual(lost.succeeded, false);
  assert.strictEqual(lost.responses[0].response_range.kvs[0].value.toString(), '3');
  console.log('txn');

  const watcher = await client.watch().prefix('js/w/').create();
  const events = [];
  const all = new Promise((resolve) => {
    watcher.on('put', (kv) => events.push(['put', kv.key.toString(), kv.value.toString()]));
    watcher.on('delete', (kv) => { events.push(['delete', kv.key.toString()]); resolve(); });
  });
  await client.put('js/w/1').value('x');
  await client.delete().key('js/w/1');
  await all;
  assert.deepStrictEqual(events, [['put', 'js/w/1', 'x'], ['delete', 'js/w/1']]);
  await watcher.cancel();
  console.log('watch');

  const lease = client.lease(30);
  await lease.put('js/leased').value('v');
  await lease.keepaliveOnce();
  await lease.revoke();
  assert.strictEqual(await client.get('js/leased').string(), null);
  console.log('lease');

  assert.strictEqual(await client.lock('js/lock').ttl(10).do(async () => 'held'), 'held');
  console.log('lock');

  const { header } = await client.put('js/a').value('5');
  await client.kv.compact({ revision: header.revision, physical: true });
  await assert.rejects(client.get('js/a').revision(2).string(), /required revision has been compacted/);
  console.log('compact');

  const status = await client.maintenance.status();
  assert.strictEqual(status.version, '3.6.8');
  let bytes = 0;
  const snapshot = await client.maintenance.snapshot();
  await new Promise((resolve, reject) => {
    snapshot.on('data', (part) => { bytes += part.blob.length; });
    snapshot.on('end', resolve);
    snapshot.on('error', reject);
  });
  assert.strictEqual(bytes % 512, 32);
  console.log('status, snapshot');
}

main().then(() => { client.close(); process.exit(0); }, (error) => { console.error(error); process.exit(1); });
