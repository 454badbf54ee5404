using Kv.Persistence.Io;

namespace Kv.Testing;

/// <summary>The machine "went away" while a file operation ran: everything after it fails too, until <see cref="SimDisk.Crash"/>.</summary>
public sealed class SimCrashException() : IOException("the simulated machine has crashed");

/// <summary>A disk in memory that forgets what was not synced, tears writes, and fails on demand. All chance comes from the seed.</summary>
/// <remarks>
/// Each file is its durable bytes plus the writes since its last sync; each directory is its durable names plus the
/// renames, creations and removals since its last sync. <see cref="Crash"/> keeps a random part of both: of the writes
/// any set of whole sectors (512 bytes or 4 KiB), of the name changes of a directory the first few, as a journaling file
/// system does. Operations that change something are counted, so that a test can crash or fail at each of them in turn.
/// Safe for use from several threads.
/// </remarks>
public sealed class SimDisk(int seed, int sectorBytes = 512) : IDisk
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);
    private readonly Dictionary<string, SimDirectory> _directories = new(StringComparer.Ordinal) { ["/"] = new SimDirectory() };
    private readonly HashSet<string> _locks = new(StringComparer.Ordinal);
    private int _generation;
    private bool _crashed;

    /// <summary>The seed, for failure messages.</summary>
    public int Seed { get; } = seed;

    /// <summary>Changes so far: writes, syncs, creations, renames, removals, length changes.</summary>
    public long Operations { get; private set; }

    /// <summary>Syncs of files so far.</summary>
    public long Syncs { get; private set; }

    /// <summary>The machine crashes when this many operations have been done; the operation then under way may half happen.</summary>
    public long CrashAfter { get; set; } = long.MaxValue;

    /// <summary>The operation with this number fails with EIO. A failed sync drops the writes it was for, as Linux does.</summary>
    public long FailAt { get; set; } = long.MaxValue;

    /// <summary>Only syncs of files count for <see cref="FailAt"/> when set: the n-th sync fails.</summary>
    public bool FailSyncsOnly { get; set; }

    /// <summary>Bytes that fit on the disk; more is ENOSPC.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    /// <summary>Syncs of files succeed and do nothing: a disk that lies.</summary>
    public bool LiesAboutSync { get; set; }

    /// <summary>Sees every change before it is made: path, what it is, offset, bytes.</summary>
    public Action<string, string, long, long>? Observer { get; init; }

    /// <summary>Operations that failed because a test wanted them to, or because the disk was full.</summary>
    public long Failures { get; private set; }

    /// <summary>Whether the machine has gone away during an operation, and has not come back by <see cref="Crash"/> yet.</summary>
    public bool HasCrashed
    {
        get
        {
            lock (_lock) return _crashed;
        }
    }

    /// <summary>Bytes in all files.</summary>
    public long UsedBytes
    {
        get
        {
            lock (_lock) return _directories.Values.Sum(d => d.Names.Values.Sum(f => (long)f.Content.Length));
        }
    }

    /// <summary>The machine goes away and comes back: unsynced changes are lost in part, handles and locks are gone.</summary>
    /// <param name="keepNothing">Lose everything that was not synced, instead of a random part.</param>
    public void Crash(bool keepNothing = false)
    {
        lock (_lock)
        {
            _generation++;
            _crashed = false;
            CrashAfter = FailAt = long.MaxValue;
            _locks.Clear();
            foreach (var path in _directories.Keys.Order(StringComparer.Ordinal)) _directories[path].Crash(keepNothing ? 0 : _random.Next(_directories[path].Pending.Count + 1));
            foreach (var path in _directories.Keys.Order(StringComparer.Ordinal))
            {
                foreach (var (_, file) in _directories[path].Names.OrderBy(n => n.Key, StringComparer.Ordinal)) file.Crash(_random, sectorBytes, keepNothing);
            }
        }
    }

    /// <summary>The process goes away, the machine stays: nothing is lost, handles and locks are gone (kill -9).</summary>
    public void Kill()
    {
        lock (_lock)
        {
            _generation++;
            _crashed = false;
            CrashAfter = FailAt = long.MaxValue;
            _locks.Clear();
        }
    }

    /// <summary>Paths of all files, in ordinal order.</summary>
    public IReadOnlyList<string> Files()
    {
        lock (_lock) return [.. _directories.SelectMany(static d => d.Value.Names.Keys.Select(name => d.Key == "/" ? "/" + name : $"{d.Key}/{name}")).Order(StringComparer.Ordinal)];
    }

    /// <summary>A copy of a file's bytes as a reader sees them.</summary>
    public byte[] ReadAll(string path)
    {
        lock (_lock) return [.. Find(path).Content];
    }

    /// <summary>Replaces a file's bytes, durably, as bit rot or an operator would.</summary>
    public void Overwrite(string path, byte[] content)
    {
        lock (_lock)
        {
            var (directory, name) = Split(path);
            if (!_directories[directory].Names.ContainsKey(name)) _directories[directory].Put(name, new SimFile());
            _directories[directory].Sync();
            Find(path).Replace(content);
        }
    }

    /// <inheritdoc/>
    public bool DirectoryExists(string path)
    {
        lock (_lock) return _directories.ContainsKey(Normal(path));
    }

    /// <inheritdoc/>
    public bool FileExists(string path)
    {
        lock (_lock)
        {
            var (directory, name) = Split(path);
            return _directories.TryGetValue(directory, out var found) && found.Names.ContainsKey(name);
        }
    }

    /// <inheritdoc/>
    public void CreateDirectory(string path)
    {
        lock (_lock)
        {
            Alive();
            for (var at = Normal(path); !_directories.ContainsKey(at); at = Split(at).Directory) _directories[at] = new SimDirectory();
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> List(string directory)
    {
        lock (_lock)
        {
            Alive();
            var at = Normal(directory);
            if (!_directories.TryGetValue(at, out var found)) throw new DirectoryNotFoundException(directory);
            var below = _directories.Keys.Where(d => d != "/" && d != at && Split(d).Directory == at).Select(d => Split(d).Name);
            return [.. found.Names.Keys.Concat(below).Order(StringComparer.Ordinal)];
        }
    }

    /// <inheritdoc/>
    public IDiskFile Open(string path, DiskOpen mode)
    {
        lock (_lock)
        {
            Alive();
            if (mode == DiskOpen.Create)
            {
                var (directory, name) = Split(path);
                if (!_directories.TryGetValue(directory, out var into)) throw new DirectoryNotFoundException(directory);
                if (into.Names.ContainsKey(name)) throw new IOException($"{path} exists");
                Count(path, "create");
                into.Put(name, new SimFile());
            }

            return new Handle(this, path, Find(path), _generation, mode != DiskOpen.Read);
        }
    }

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        lock (_lock)
        {
            var file = Find(from);
            var (fromDirectory, fromName) = Split(from);
            var (toDirectory, toName) = Split(to);
            if (fromDirectory != toDirectory) throw new NotSupportedException("renames stay within a directory here");
            Count(from, "rename");
            _directories[fromDirectory].Move(fromName, toName, file);
        }
    }

    /// <inheritdoc/>
    public void Delete(string path)
    {
        lock (_lock)
        {
            Find(path);
            Count(path, "delete");
            _directories[Split(path).Directory].Remove(Split(path).Name);
        }
    }

    /// <inheritdoc/>
    public void SyncDirectory(string directory)
    {
        lock (_lock)
        {
            Count(directory, "sync directory");
            _directories[Normal(directory)].Sync();
        }
    }

    /// <inheritdoc/>
    public IDisposable Lock(string path)
    {
        lock (_lock)
        {
            Alive();
            if (!_locks.Add(Normal(path))) throw new DiskLockedException(path);
            return new Held(this, Normal(path), _generation);
        }
    }

    /// <inheritdoc/>
    public DiskSpace Space(string path) => new(CapacityBytes, CapacityBytes - UsedBytes);

    private SimFile Find(string path)
    {
        var (directory, name) = Split(path);
        return _directories.TryGetValue(directory, out var found) && found.Names.TryGetValue(name, out var file)
            ? file
            : throw new FileNotFoundException($"{path} is not there", path);
    }

    private void Alive()
    {
        if (_crashed) throw new SimCrashException();
    }

    /// <summary>Counts an operation; true if it is the one during which the machine crashes.</summary>
    private bool Counted(string path, bool isSync, string what, long offset, long bytes)
    {
        Alive();
        Observer?.Invoke(path, what, offset, bytes);
        Operations++;
        if (isSync) Syncs++;
        if ((FailSyncsOnly ? (isSync ? Syncs : -1) : Operations) == FailAt)
        {
            Failures++;
            throw new IOException($"simulated EIO on {path} (operation {Operations}, seed {Seed})", 5);
        }

        if (Operations <= CrashAfter) return false;
        _crashed = true;
        return true;
    }

    private void Count(string path, string what)
    {
        if (Counted(path, isSync: false, what, 0, 0)) throw new SimCrashException();
    }

    private static string Normal(string path)
    {
        var rooted = path.StartsWith('/') ? path : "/" + path;
        return rooted.Length > 1 ? rooted.TrimEnd('/') : rooted;
    }

    private static (string Directory, string Name) Split(string path)
    {
        var normal = Normal(path);
        var slash = normal.LastIndexOf('/');
        return (slash == 0 ? "/" : normal[..slash], normal[(slash + 1)..]);
    }

    private sealed class SimDirectory
    {
        private readonly Dictionary<string, SimFile> _durable = new(StringComparer.Ordinal);

        public Dictionary<string, SimFile> Names { get; private set; } = new(StringComparer.Ordinal);

        public List<Action<Dictionary<string, SimFile>>> Pending { get; } = [];

        public void Put(string name, SimFile file) => Change(names => names[name] = file);

        public void Remove(string name) => Change(names => names.Remove(name));

        public void Move(string from, string to, SimFile file) => Change(names =>
        {
            names.Remove(from);
            names[to] = file;
        });

        public void Sync()
        {
            foreach (var change in Pending) change(_durable);
            Pending.Clear();
        }

        public void Crash(int kept)
        {
            foreach (var change in Pending.Take(kept)) change(_durable);
            Pending.Clear();
            Names = new Dictionary<string, SimFile>(_durable, StringComparer.Ordinal);
        }

        private void Change(Action<Dictionary<string, SimFile>> change)
        {
            change(Names);
            Pending.Add(change);
        }
    }

    private sealed class SimFile
    {
        private byte[] _durable = [];
        private readonly List<(long Offset, byte[] Data)> _pending = [];

        public byte[] Content { get; private set; } = [];

        public void Replace(byte[] content)
        {
            _pending.Clear();
            (_durable, Content) = ([.. content], [.. content]);
        }

        public void Write(ReadOnlySpan<byte> data, long offset)
        {
            Content = Apply(Content, data, offset);
            _pending.Add((offset, data.ToArray()));
        }

        public void SetLength(long bytes)
        {
            var content = Content;
            Array.Resize(ref content, (int)bytes);
            Content = content;
            var durable = _durable;
            Array.Resize(ref durable, (int)bytes);   // as journaled metadata; what was cut is gone either way
            _durable = durable;
        }

        /// <summary>Only what was written since the last sync is copied: a big file that is synced often costs little.</summary>
        public void Sync()
        {
            foreach (var (offset, data) in _pending) _durable = Apply(_durable, data, offset);
            _pending.Clear();
        }

        /// <summary>What a failed sync leaves on Linux: pages marked clean, their bytes never written.</summary>
        public void FailSync() => _pending.Clear();

        public void Crash(Random random, int sectorBytes, bool keepNothing)
        {
            foreach (var (offset, data) in _pending)
            {
                if (keepNothing) break;
                var how = random.Next(4);   // nothing, everything, any sectors, a first part
                var firstPart = random.Next(data.Length + 1);
                for (var at = 0; at < data.Length;)
                {
                    var end = (int)Math.Min(data.Length, ((offset + at) / sectorBytes * sectorBytes) + sectorBytes - offset);
                    var keep = how switch { 0 => 0, 1 => end - at, 2 => random.Next(2) * (end - at), _ => Math.Clamp(firstPart - at, 0, end - at) };
                    if (keep > 0) _durable = Apply(_durable, data.AsSpan(at, keep), offset + at);
                    at = end;
                }
            }

            _pending.Clear();
            Content = [.. _durable];
        }

        private static byte[] Apply(byte[] content, ReadOnlySpan<byte> data, long offset)
        {
            if (content.Length < offset + data.Length) Array.Resize(ref content, (int)offset + data.Length);
            data.CopyTo(content.AsSpan((int)offset));
            return content;
        }
    }

    private sealed class Held(SimDisk disk, string path, int generation) : IDisposable
    {
        public void Dispose()
        {
            lock (disk._lock)
            {
                if (generation == disk._generation) disk._locks.Remove(path);
            }
        }
    }

    private sealed class Handle(SimDisk disk, string path, SimFile file, int generation, bool writable) : IDiskFile
    {
        public string Path => path;

        public long Length
        {
            get
            {
                lock (disk._lock) return Live().Content.Length;
            }
        }

        public int Read(Span<byte> buffer, long offset)
        {
            lock (disk._lock)
            {
                var content = Live().Content;
                var count = (int)Math.Clamp(content.Length - offset, 0, buffer.Length);
                content.AsSpan((int)Math.Min(offset, content.Length), count).CopyTo(buffer);
                return count;
            }
        }

        public void Write(ReadOnlySpan<byte> data, long offset)
        {
            lock (disk._lock)
            {
                var live = Writable();
                var crash = disk.Counted(path, isSync: false, "write", offset, data.Length);
                var more = offset + data.Length - live.Content.Length;
                if (more > 0) Room(more);
                live.Write(data, offset);
                if (crash) throw new SimCrashException();
            }
        }

        public void Sync()
        {
            lock (disk._lock)
            {
                var live = Writable();
                bool crash;
                try
                {
                    crash = disk.Counted(path, isSync: true, "sync", 0, 0);
                }
                catch (IOException e) when (e is not SimCrashException)
                {
                    live.FailSync();
                    throw;
                }

                if (crash) throw new SimCrashException();
                if (!disk.LiesAboutSync) live.Sync();
            }
        }

        public void DropCache()
        {
            // Nothing to let go of: what is read is what was written.
        }

        public void Allocate(long bytes)
        {
            lock (disk._lock)
            {
                var live = Writable();
                if (live.Content.Length >= bytes) return;
                Room(bytes - live.Content.Length);
                if (disk.Counted(path, isSync: false, "allocate", 0, bytes)) throw new SimCrashException();
                live.SetLength(bytes);
            }
        }

        public void SetLength(long bytes)
        {
            lock (disk._lock)
            {
                var live = Writable();
                Room(bytes - live.Content.Length);
                if (disk.Counted(path, isSync: false, "set length", 0, bytes)) throw new SimCrashException();
                live.SetLength(bytes);
            }
        }

        public void Dispose()
        {
            // Nothing is open: the file lives in the directory.
        }

        private void Room(long more)
        {
            if (more <= 0 || disk.CapacityBytes == long.MaxValue || disk.UsedBytes + more <= disk.CapacityBytes) return;
            disk.Failures++;
            throw new DiskFullException(path);
        }

        private SimFile Live()
        {
            disk.Alive();
            return generation == disk._generation ? file : throw new IOException($"{path} was open before the crash");
        }

        private SimFile Writable() => writable ? Live() : throw new UnauthorizedAccessException($"{path} was opened for reading");
    }
}
