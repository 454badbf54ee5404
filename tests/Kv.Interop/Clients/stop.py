"""How a stop sounds to Python's gRPC: streams opened at the address in argv, whose process, in argv too, is then asked to end."""
import os
import signal
import sys
import threading

import etcd3
import grpc
from etcd3.etcdrpc import rpc_pb2, rpc_pb2_grpc

address, process = sys.argv[1], int(sys.argv[2])
channel = grpc.insecure_channel(address)


def only(request):
    """One request on a stream that stays open."""
    yield request
    threading.Event().wait()


watch = rpc_pb2_grpc.WatchStub(channel).Watch(only(rpc_pb2.WatchRequest(create_request=rpc_pb2.WatchCreateRequest(key=b"k"))))
assert next(watch).created
kept = rpc_pb2_grpc.LeaseStub(channel).LeaseKeepAlive(only(rpc_pb2.LeaseKeepAliveRequest(ID=7)))
assert next(kept).TTL == 0
host, port = address.rsplit(":", 1)
events, _ = etcd3.client(host=host, port=int(port), timeout=20).watch("k")

os.kill(process, signal.SIGTERM)
for stream in (watch, kept):
    try:
        next(stream)
        raise AssertionError("the stream went on")
    except grpc.RpcError as end:
        print(end.code().name, end.details())
try:
    next(events)
    raise AssertionError("the watch went on")
except etcd3.exceptions.ConnectionFailedError:
    print("etcd3 knows that the connection failed", flush=True)
os._exit(0)                                # the generators wait for ever
