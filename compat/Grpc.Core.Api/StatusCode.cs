namespace Grpc.Core;

/// <summary>How a call ended. The numbers are those of the <c>grpc-status</c> trailer.</summary>
public enum StatusCode
{
    /// <summary>Success.</summary>
    OK = 0,

    /// <summary>The caller gave up.</summary>
    Cancelled = 1,

    /// <summary>No better code is known, for example an exception that no one mapped.</summary>
    Unknown = 2,

    /// <summary>The request is wrong whatever the state of the system.</summary>
    InvalidArgument = 3,

    /// <summary>The deadline passed; the operation may have succeeded all the same.</summary>
    DeadlineExceeded = 4,

    /// <summary>A named thing does not exist.</summary>
    NotFound = 5,

    /// <summary>A thing to create exists.</summary>
    AlreadyExists = 6,

    /// <summary>The caller is known but not allowed.</summary>
    PermissionDenied = 7,

    /// <summary>A quota or size limit is used up.</summary>
    ResourceExhausted = 8,

    /// <summary>The state of the system forbids the operation.</summary>
    FailedPrecondition = 9,

    /// <summary>A conflict with other work, such as a lost transaction.</summary>
    Aborted = 10,

    /// <summary>A position outside the valid range.</summary>
    OutOfRange = 11,

    /// <summary>The server does not know the service or the method.</summary>
    Unimplemented = 12,

    /// <summary>An invariant is broken.</summary>
    Internal = 13,

    /// <summary>Try again later.</summary>
    Unavailable = 14,

    /// <summary>Data is lost or corrupt.</summary>
    DataLoss = 15,

    /// <summary>The caller is not known.</summary>
    Unauthenticated = 16,
}
