using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Kv.Persistence.Tests")]
