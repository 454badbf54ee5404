using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Kv.Chaos.Servers;

/// <summary>Signals that .NET has no call for.</summary>
internal static partial class Signals
{
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>Sends one; false when there is no such process any more.</summary>
    public static bool Send(int processId, int signal)
    {
        const int NoSuchProcess = 3;
        if (SendTo(processId, signal) == 0)
        {
            return true;
        }
        var error = Marshal.GetLastPInvokeError();
        return error == NoSuchProcess ? false : throw new Win32Exception(error);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendTo(int processId, int signal);
}
