using System.Text;
using Kv.Actors.Model;
using Kv.Actors.Watch;
using Xunit;

namespace Kv.Actors.Tests.Watch;

/// <summary>Random writes, creates, cancels, compactions, snapshots and slow reads, against a watcher that knows all of history.</summary>
public sealed class WatchPropertyTests
{
    [Fact]
    public void Every_watcher_sees_every_event_once_in_order_and_whole()
    {
        var kinds = new int[(int)WatchResponseKind.Progress + 1];
        var fellBehind = 0;
        for (var seed = 1; seed <= 300; seed++)
        {
            new Run(seed, kinds).Play(600, ref fellBehind);
        }
        Assert.DoesNotContain(0, kinds);                   // the histories did contain what they are about
        Assert.True(fellBehind > 1000, $"{fellBehind}");
    }

    private sealed class Run
    {
        private static readonly string[] Keys = ["a", "aa", "b", "ba", "c", "d", "dd", "e"];

        private readonly Random _random;
        private readonly int _seed;
        private readonly FakeStore _store = new();
        private readonly Harness _stream;
        private readonly List<KeyVersion> _everything = [];
        private readonly Dictionary<long, Seen> _watchers = [];
        private readonly Queue<(WatchSpec Spec, long Current)> _asked = new();
        private readonly int[] _kinds;
        private long _lastHeader;

        public Run(int seed, int[] kinds)
        {
            _kinds = kinds;
            _seed = seed;
            _random = new Random(seed);
            var limits = new WatchLimits
            {
                QueueResponses = _random.Next(1, 20),
                QueueBytes = _random.Next(1024, 4096),
                CatchUpRevisions = _random.Next(1, 12),
                CatchUpScan = _random.Next(1, 40),
                FragmentBytes = 1024,
            };
            _stream = new Harness(_store, limits);
        }

        public void Play(int steps, ref int fellBehind)
        {
            for (var step = 0; step < steps; step++)
            {
                fellBehind += _stream.Core.IsBehind ? 1 : 0;
                switch (_random.Next(100))
                {
                    case < 35:
                        _everything.AddRange(WriteSome());
                        break;
                    case < 45:
                        Create();
                        break;
                    case < 48 when _watchers.Count > 0:
                        _stream.Cancel(_watchers.Keys.ElementAt(_random.Next(_watchers.Count)));
                        break;
                    case < 50:
                        Compact();
                        break;
                    case < 51:
                        Replace();
                        break;
                    case < 55:
                        _stream.AskProgress();
                        break;
                    case < 57:
                        _stream.Tick();
                        break;
                    case < 72:
                        _stream.StepHub();
                        break;
                    case < 87:
                        _stream.StepStream();
                        break;
                    default:
                        Check(_stream.Read(_random.Next(3) == 0 ? long.MaxValue : 200));
                        break;
                }
            }
            Check(_stream.ReadAll());
            foreach (var (id, seen) in _watchers)
            {
                Complete(id, seen, _store.Root.CurrentRevision);
            }
        }

        private KeyVersion[] WriteSome()
        {
            var keys = Keys.OrderBy(_ => _random.Next()).Take(_random.Next(1, 5));
            var operations = keys.Select(k => _random.Next(4) == 0 ? k : $"{k}={new string('v', _random.Next(300))}").ToArray();
            var before = _store.All.Count;
            _stream.Write(operations);
            return [.. _store.All.Skip(before)];
        }

        private void Create()
        {
            var key = Keys[_random.Next(Keys.Length)];
            var current = _store.Root.CurrentRevision;
            var end = _random.Next(4) switch { 0 => null, 1 => "\0", 2 => key + "\u007f", _ => Keys[_random.Next(Keys.Length)] };
            var spec = Harness.Spec(key, end, _random.Next(3) == 0 ? 0 : _random.Next((int)current + 4)) with
            {
                PrevKv = _random.Next(2) == 0,
                Fragment = _random.Next(3) == 0,
                ProgressNotify = _random.Next(2) == 0,
                Filters = (WatchFilters)_random.Next(6) is var f && f <= WatchFilters.NoDelete ? f : WatchFilters.None,
                WatchId = _random.Next(5) == 0 ? _random.Next(1, 40) : 0,
            };
            _asked.Enqueue((spec, current));
            _stream.Create(spec);
        }

        private void Compact()
        {
            // As the store does: what a compaction may remove was handed to the hub before.
            var current = _store.Root.CurrentRevision;
            if (current > _store.Root.CompactRevision + 1)
            {
                _store.Compact(_random.NextInt64(_store.Root.CompactRevision + 1, current + 1));
            }
        }

        private void Replace()
        {
            var missed = _store.All.Count;
            for (var i = 0; i < 3; i++)
            {
                _store.Write($"{Keys[_random.Next(Keys.Length)]}=r{i}");
            }
            _everything.AddRange(_store.All.Skip(missed));
            _stream.Replace();
        }

        private void Check(IEnumerable<WatchResponse> responses)
        {
            foreach (var response in responses)
            {
                try
                {
                    Check(response);
                    _kinds[(int)response.Kind]++;
                }
                catch (Exception e)
                {
                    throw new InvalidOperationException($"seed {_seed}: {response.Text()}: {e.Message}", e);
                }
            }
        }

        private void Check(WatchResponse response)
        {
            switch (response.Kind)
            {
                case WatchResponseKind.Created:
                    var (spec, current) = _asked.Dequeue();
                    Assert.Equal(current, response.Revision);
                    Assert.True(_watchers.TryAdd(response.WatchId, new Seen(spec, spec.StartRevision == 0 ? current + 1 : spec.StartRevision)));
                    break;
                case WatchResponseKind.Refused:
                    var (refused, _) = _asked.Dequeue();
                    Assert.True(refused.Range.IsEmpty || refused.WatchId != 0, "refused without a reason");
                    break;
                case WatchResponseKind.Canceled:
                    Assert.True(_watchers.Remove(response.WatchId));
                    break;
                case WatchResponseKind.Compacted:
                    var ended = _watchers[response.WatchId];
                    Assert.False(ended.Compacted);
                    Assert.True(ended.Next < response.CompactRevision);
                    Assert.Equal(0, response.Revision);
                    ended.Compacted = true;
                    break;
                case WatchResponseKind.Progress when response.WatchId == -1:
                    Assert.True(response.Revision >= _lastHeader);
                    _lastHeader = response.Revision;
                    Assert.NotEmpty(_watchers);
                    foreach (var (id, seen) in _watchers)
                    {
                        Complete(id, seen, response.Revision);
                        Assert.True(seen.Compacted || seen.Next <= response.Revision + 1);
                    }
                    break;
                case WatchResponseKind.Progress:
                    Assert.True(_watchers[response.WatchId].Spec.ProgressNotify);
                    Complete(response.WatchId, _watchers[response.WatchId], response.Revision);
                    break;
                default:
                    Events(response);
                    break;
            }
        }

        private void Events(WatchResponse response)
        {
            var seen = _watchers[response.WatchId];
            Assert.False(seen.Compacted);
            Assert.True(response.Count > 0);
            foreach (var (batch, index) in response.Events())
            {
                var change = batch[index];
                Assert.True(response.Revision >= change.ModRevision);
                Assert.True(change.Revision > seen.Last, "repeated or out of order");
                Assert.True(change.ModRevision >= seen.First, "below its start");
                var missed = Expected(seen, change.Revision).ToList();
                Assert.True(missed.Count == 1 && ReferenceEquals(missed[0], change), $"{missed.Count} instead of one");
                seen.Last = change.Revision;
                seen.Next = change.ModRevision;
                if (seen.Spec.PrevKv && batch.Previous(index) is { } previous)
                {
                    var before = _everything.Last(c => c.Key.AsSpan().SequenceEqual(change.Key) && c.Revision < change.Revision);
                    Assert.Same(before, previous);
                }
            }
            if (!response.IsFragment)
            {
                seen.Next = seen.Last.Main + 1;
                Assert.Empty(Expected(seen, new Revision(seen.Last.Main, int.MaxValue)));    // the revision came whole
            }
        }

        private void Complete(long id, Seen seen, long revision)
        {
            if (!seen.Compacted)
            {
                var missed = Expected(seen, new Revision(revision, int.MaxValue)).ToList();
                Assert.True(missed.Count == 0, $"seed {_seed}: watcher {id} never saw {string.Join(' ', missed.Select(m => m.Revision))}");
                seen.Next = Math.Max(seen.Next, revision + 1);
            }
        }

        private IEnumerable<KeyVersion> Expected(Seen seen, Revision upTo) =>
            _everything.Where(c => c.Revision > seen.Last && c.Revision <= upTo && c.ModRevision >= seen.First
                && seen.Spec.Range.Contains(c.Key) && seen.Spec.Wants(c));
    }

    private sealed class Seen(WatchSpec spec, long first)
    {
        public WatchSpec Spec { get; } = spec;

        public long First { get; } = first;

        public Revision Last { get; set; } = new(0, -1);

        public long Next { get; set; } = first;

        public bool Compacted { get; set; }
    }

    [Fact]
    public void A_broken_watch_resumes_after_its_last_event_without_gap_or_repeat()
    {
        var store = new FakeStore();
        var stream = new Harness(store).Create(Harness.Spec("a"));
        var seen = new List<long>();
        for (var i = 0; i < 50; i++)
        {
            stream.Write($"a={i}", $"aa={i}");
            if (i % 7 == 3)
            {
                seen.AddRange(stream.ReadAll().SelectMany(r => r.Events()).Select(e => e.Batch.Revision));
                stream = new Harness(store).Write("b=1").Create(Harness.Spec("a", start: seen[^1] + 1));
            }
        }
        seen.AddRange(stream.ReadAll().SelectMany(r => r.Events()).Select(e => e.Batch.Revision));
        var expected = store.All.Where(c => Encoding.UTF8.GetString(c.Key) == "a").Select(c => c.ModRevision);
        Assert.Equal(expected, seen);
    }
}
