namespace Kv.Gateway.Tests;

/// <summary>Finds files of the repository from where the tests run.</summary>
internal static class Repository
{
    /// <summary>The folder with <c>KvActors.sln</c>.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "KvActors.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no KvActors.sln above {AppContext.BaseDirectory}");
    }
}
