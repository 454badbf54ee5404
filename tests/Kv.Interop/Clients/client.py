"""What Python's etcd3 is used for, against the address in argv: prints one line a step, fails on the first surprise."""
import sys
import threading

import etcd3

host, port = sys.argv[1].rsplit(":", 1)
client = etcd3.client(host=host, port=int(port), timeout=20)

client.put("py/a", "1")
value, meta = client.get("py/a")
assert value == b"1" and meta.key == b"py/a" and meta.version == 1, (value, meta)
print("put, get")

assert client.replace("py/a", "1", "2") and not client.replace("py/a", "1", "3")
assert client.put_if_not_exists("py/b", "b") and not client.put_if_not_exists("py/b", "c")
ok, responses = client.transaction(
    compare=[client.transactions.value("py/a") == "2", client.transactions.version("py/b") > 0],
    success=[client.transactions.put("py/c", "c"), client.transactions.get("py/a")],
    failure=[client.transactions.delete("py/a")],
)
assert ok and responses[1][0][0] == b"2", (ok, responses)
print("txn")

assert [v for v, _ in client.get_prefix("py/", sort_order="descend")] == [b"c", b"b", b"2"]
assert client.delete("py/c") and not client.delete("py/c")
print("prefix, delete")

seen, done = [], threading.Event()


def on_event(response):
    for event in response.events:
        seen.append((type(event).__name__, event.key, event.value))
        if len(seen) == 3:
            done.set()


watch = client.add_watch_prefix_callback("py/w/", on_event)
client.put("py/w/1", "x")
client.put("py/w/2", "y")
client.delete("py/w/1")
assert done.wait(20), seen
assert seen == [("PutEvent", b"py/w/1", b"x"), ("PutEvent", b"py/w/2", b"y"), ("DeleteEvent", b"py/w/1", b"")], seen
client.cancel_watch(watch)
print("watch")

lease = client.lease(30)
client.put("py/leased", "v", lease=lease)
assert lease.remaining_ttl > 20 and lease.keys == [b"py/leased"], lease.keys
assert list(lease.refresh())[0].TTL == 30
lease.revoke()
assert client.get("py/leased")[0] is None
print("lease")

with client.lock("py/lock", ttl=10) as lock:
    assert lock.is_acquired()
print("lock")

revision = client.put("py/a", "3").header.revision
client.compact(revision)
told, answered = [], threading.Event()


def on_compacted(response):
    told.append(response)
    answered.set()


client.add_watch_callback("py/a", on_compacted, start_revision=2)
assert answered.wait(20)
assert isinstance(told[0], etcd3.exceptions.RevisionCompactedError), told
assert told[0].compacted_revision == revision, (told[0].compacted_revision, revision)
print("compact")

status = client.status()
assert status.version == "3.6.8" and status.leader is not None and status.db_size > 0
assert [m.name for m in client.members] == ["default"]
with open(sys.argv[2], "wb") as image:
    client.snapshot(image)
print("status, members, snapshot")
