namespace Kv.Actors.Model;

/// <summary>Every failure a client can cause or meet, as a value. Codes and exact texts are in <c>Kv.Gateway/Calls/ErrorMap.cs</c>.</summary>
public enum KvError
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>Empty key in a KV request or compare.</summary>
    EmptyKey,

    /// <summary>Ignore_value/ignore_lease on a missing key; txn op with no request set.</summary>
    KeyNotFound,

    /// <summary>Ignore_value together with a value.</summary>
    ValueProvided,

    /// <summary>Ignore_lease together with a lease.</summary>
    LeaseProvided,

    /// <summary>Txn exceeds max-txn-ops.</summary>
    TooManyOps,

    /// <summary>Txn modifies a key twice.</summary>
    DuplicateKey,

    /// <summary>Read/compact/hash below the compact revision.</summary>
    Compacted,

    /// <summary>Read/compact/hash above the current revision.</summary>
    FutureRev,

    /// <summary>Quota exceeded or NOSPACE alarm active.</summary>
    NoSpace,

    /// <summary>Put with unknown lease; revoke of unknown lease.</summary>
    LeaseNotFound,

    /// <summary>Grant with an ID in use.</summary>
    LeaseExist,

    /// <summary>Grant TTL &gt; 9000000000.</summary>
    LeaseTTLTooLarge,

    /// <summary>Watch stream ended by cancellation.</summary>
    WatchCanceled,

    /// <summary>Member add produced an existing ID.</summary>
    MemberExist,

    /// <summary>Peer URL used by another member.</summary>
    PeerURLExist,

    /// <summary>Strict reconfiguration check.</summary>
    MemberNotEnoughStarted,

    /// <summary>Malformed or missing peer URLs.</summary>
    MemberBadURLs,

    /// <summary>Unknown or removed member ID.</summary>
    MemberNotFound,

    /// <summary>Promote of a voter.</summary>
    MemberNotLearner,

    /// <summary>Learner below 90 % of the leader log.</summary>
    LearnerNotReady,

    /// <summary>Max-learners reached.</summary>
    TooManyLearners,

    /// <summary>Serialised request &gt; max-request-bytes.</summary>
    RequestTooLarge,

    /// <summary>Commit index more than 5000 ahead of applied index.</summary>
    RequestTooManyRequests,

    /// <summary>AuthEnable precondition.</summary>
    RootUserNotExist,

    /// <summary>AuthEnable precondition.</summary>
    RootRoleNotExist,

    /// <summary>UserAdd.</summary>
    UserAlreadyExist,

    /// <summary>Empty name, or no identity while auth is enabled.</summary>
    UserEmpty,

    /// <summary>Unknown user.</summary>
    UserNotFound,

    /// <summary>RoleAdd.</summary>
    RoleAlreadyExist,

    /// <summary>Unknown role.</summary>
    RoleNotFound,

    /// <summary>RoleAdd.</summary>
    RoleEmpty,

    /// <summary>Authenticate.</summary>
    AuthFailed,

    /// <summary>Identity lacks the needed permission.</summary>
    PermissionDenied,

    /// <summary>UserRevokeRole.</summary>
    RoleNotGranted,

    /// <summary>RoleRevokePermission.</summary>
    PermissionNotGranted,

    /// <summary>Authenticate while disabled.</summary>
    AuthNotEnabled,

    /// <summary>Unknown/expired/malformed token.</summary>
    InvalidAuthToken,

    /// <summary>Forbidden change of root, or invalid permission range.</summary>
    InvalidAuthMgmt,

    /// <summary>Token issued before an auth change (JWT), or auth changed during the request.</summary>
    AuthOldRevision,

    /// <summary>Member knows no leader.</summary>
    NoLeader,

    /// <summary>MoveLeader on a non-leader.</summary>
    NotLeader,

    /// <summary>Leader change while waiting for a read barrier or TTL lookup.</summary>
    LeaderChanged,

    /// <summary>API not enabled for the cluster version.</summary>
    NotCapable,

    /// <summary>Server is shutting down.</summary>
    Stopped,

    /// <summary>Proposal or read barrier not finished within the request timeout.</summary>
    Timeout,

    /// <summary>As above, and a leader change happened within two election timeouts before.</summary>
    TimeoutDueToLeaderFail,

    /// <summary>As above, and connection to leader/quorum was lost since the request began.</summary>
    TimeoutDueToConnectionLost,

    /// <summary>Leader did not apply up to its commit index within 1 s (lease calls, promote).</summary>
    TimeoutWaitAppliedIndex,

    /// <summary>Strict reconfiguration check: peers not connected long enough.</summary>
    Unhealthy,

    /// <summary>CORRUPT alarm active.</summary>
    Corrupt,

    /// <summary>Call not allowed on a learner.</summary>
    NotSupportedForLearner,

    /// <summary>MoveLeader to unknown member or learner.</summary>
    BadLeaderTransferee,

    /// <summary>Peer hash request from another cluster.</summary>
    ClusterIDMismatch,

    /// <summary>RoleGrantPermission without perm.</summary>
    PermissionNotGiven,

    /// <summary>Downgrade before a cluster version exists.</summary>
    ClusterVersionUnavailable,

    /// <summary>Downgrade.</summary>
    WrongDowngradeVersionFormat,

    /// <summary>Downgrade.</summary>
    InvalidDowngradeTargetVersion,

    /// <summary>Downgrade.</summary>
    DowngradeInProcess,

    /// <summary>Downgrade cancel.</summary>
    NoInflightDowngrade,

    /// <summary>Request context cancelled inside the server.</summary>
    Canceled,

    /// <summary>Reserved; deadline errors normally surface as the plain gRPC status.</summary>
    DeadlineExceeded,

    /// <summary>Metadata client-api-version is not valid UTF-8.</summary>
    InvalidClientAPIVersion,

    /// <summary>Undefined sort_order or sort_target.</summary>
    InvalidSortOption,

    /// <summary>Keep-alive on a leader that lost touch with its quorum.</summary>
    NotPrimaryLessor,

    /// <summary>MoveLeader was not done within the deadline.</summary>
    LeaderTransferTimeout,

    /// <summary>Downgrade with an undefined action.</summary>
    UnknownMethod,

    /// <summary>Consensus refused the proposal: no leader, a transfer running, or too much uncommitted.</summary>
    ProposalDropped,

    /// <summary>RangeStream with a sort order.</summary>
    RangeStreamSort,

    /// <summary>RangeStream with a revision filter.</summary>
    RangeStreamFilter,

    /// <summary>Health check of a service that is not served.</summary>
    HealthUnknownService,
}
