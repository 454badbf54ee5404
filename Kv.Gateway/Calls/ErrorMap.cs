using Grpc.Core;
using Kv.Actors.Model;

namespace Kv.Gateway.Calls;

/// <summary>
/// <see cref="KvError"/> as clients see it: gRPC code and exact text. The only such place. Clients compare the whole text,
/// so a changed letter is a changed interface.
/// </summary>
/// <remarks>
/// <see cref="KvError.MemberNotEnoughStarted"/> and <see cref="KvError.RequestTooManyRequests"/> are declared with other codes
/// in etcd's client tables, but every etcd release sends them as UNKNOWN, and so does this.
/// </remarks>
public static class ErrorMap
{
    private static readonly Status[] _statuses = BuildStatuses();

    /// <summary>The status sent for <paramref name="error"/>; <see cref="KvError.None"/> is OK. No allocation.</summary>
    public static Status Status(KvError error) => _statuses[(int)error];

    /// <summary>The gRPC code sent for <paramref name="error"/>.</summary>
    public static StatusCode Code(KvError error) => _statuses[(int)error].StatusCode;

    /// <summary>The exact text sent for <paramref name="error"/>; empty for <see cref="KvError.None"/>.</summary>
    public static string Text(KvError error) => _statuses[(int)error].Detail;

    /// <summary>
    /// What a service method throws for <paramref name="error"/>. A new object each time: an exception collects the stack of
    /// whoever throws it, so two calls cannot share one.
    /// </summary>
    public static RpcException Exception(KvError error) => new(_statuses[(int)error]);

    /// <summary>
    /// The error as Go prints it, <c>rpc error: code = PermissionDenied desc = …</c>: the form that a watch's cancel_reason carries.
    /// </summary>
    public static string GoText(KvError error) => $"rpc error: code = {GoCode(Code(error))} desc = {Text(error)}";

    /// <summary>The name of a code in Go's spelling, which metrics' labels use too: one l in Canceled, OK in capitals.</summary>
    public static string GoCode(StatusCode code) => code switch
    {
        StatusCode.OK => "OK",
        StatusCode.Cancelled => "Canceled",
        _ => code.ToString(),
    };

    private static Status[] BuildStatuses()
    {
        var statuses = new Status[(int)Enum.GetValues<KvError>().Max() + 1];
        foreach (var error in Enum.GetValues<KvError>())
        {
            statuses[(int)error] = Row(error);
        }

        return statuses;
    }

    private static Status Row(KvError error) => error switch
    {
        KvError.None => new(StatusCode.OK, ""),
        KvError.EmptyKey => new(StatusCode.InvalidArgument, "etcdserver: key is not provided"),
        KvError.KeyNotFound => new(StatusCode.InvalidArgument, "etcdserver: key not found"),
        KvError.ValueProvided => new(StatusCode.InvalidArgument, "etcdserver: value is provided"),
        KvError.LeaseProvided => new(StatusCode.InvalidArgument, "etcdserver: lease is provided"),
        KvError.TooManyOps => new(StatusCode.InvalidArgument, "etcdserver: too many operations in txn request"),
        KvError.DuplicateKey => new(StatusCode.InvalidArgument, "etcdserver: duplicate key given in txn request"),
        KvError.Compacted => new(StatusCode.OutOfRange, "etcdserver: mvcc: required revision has been compacted"),
        KvError.FutureRev => new(StatusCode.OutOfRange, "etcdserver: mvcc: required revision is a future revision"),
        KvError.NoSpace => new(StatusCode.ResourceExhausted, "etcdserver: mvcc: database space exceeded"),
        KvError.LeaseNotFound => new(StatusCode.NotFound, "etcdserver: requested lease not found"),
        KvError.LeaseExist => new(StatusCode.FailedPrecondition, "etcdserver: lease already exists"),
        KvError.LeaseTTLTooLarge => new(StatusCode.OutOfRange, "etcdserver: too large lease TTL"),
        KvError.WatchCanceled => new(StatusCode.Cancelled, "etcdserver: watch canceled"),
        KvError.MemberExist => new(StatusCode.FailedPrecondition, "etcdserver: member ID already exist"),
        KvError.PeerURLExist => new(StatusCode.FailedPrecondition, "etcdserver: Peer URLs already exists"),
        KvError.MemberNotEnoughStarted => new(StatusCode.Unknown, "etcdserver: re-configuration failed due to not enough started members"),
        KvError.MemberBadURLs => new(StatusCode.InvalidArgument, "etcdserver: given member URLs are invalid"),
        KvError.MemberNotFound => new(StatusCode.NotFound, "etcdserver: member not found"),
        KvError.MemberNotLearner => new(StatusCode.FailedPrecondition, "etcdserver: can only promote a learner member"),
        KvError.LearnerNotReady => new(StatusCode.FailedPrecondition, "etcdserver: can only promote a learner member which is in sync with leader"),
        KvError.TooManyLearners => new(StatusCode.FailedPrecondition, "etcdserver: too many learner members in cluster"),
        KvError.RequestTooLarge => new(StatusCode.InvalidArgument, "etcdserver: request is too large"),
        KvError.RequestTooManyRequests => new(StatusCode.Unknown, "etcdserver: too many requests"),
        KvError.RootUserNotExist => new(StatusCode.FailedPrecondition, "etcdserver: root user does not exist"),
        KvError.RootRoleNotExist => new(StatusCode.FailedPrecondition, "etcdserver: root user does not have root role"),
        KvError.UserAlreadyExist => new(StatusCode.FailedPrecondition, "etcdserver: user name already exists"),
        KvError.UserEmpty => new(StatusCode.InvalidArgument, "etcdserver: user name is empty"),
        KvError.UserNotFound => new(StatusCode.FailedPrecondition, "etcdserver: user name not found"),
        KvError.RoleAlreadyExist => new(StatusCode.FailedPrecondition, "etcdserver: role name already exists"),
        KvError.RoleNotFound => new(StatusCode.FailedPrecondition, "etcdserver: role name not found"),
        KvError.RoleEmpty => new(StatusCode.InvalidArgument, "etcdserver: role name is empty"),
        KvError.AuthFailed => new(StatusCode.InvalidArgument, "etcdserver: authentication failed, invalid user ID or password"),
        KvError.PermissionDenied => new(StatusCode.PermissionDenied, "etcdserver: permission denied"),
        KvError.RoleNotGranted => new(StatusCode.FailedPrecondition, "etcdserver: role is not granted to the user"),
        KvError.PermissionNotGranted => new(StatusCode.FailedPrecondition, "etcdserver: permission is not granted to the role"),
        KvError.AuthNotEnabled => new(StatusCode.FailedPrecondition, "etcdserver: authentication is not enabled"),
        KvError.InvalidAuthToken => new(StatusCode.Unauthenticated, "etcdserver: invalid auth token"),
        KvError.InvalidAuthMgmt => new(StatusCode.InvalidArgument, "etcdserver: invalid auth management"),
        KvError.AuthOldRevision => new(StatusCode.InvalidArgument, "etcdserver: revision of auth store is old"),
        KvError.NoLeader => new(StatusCode.Unavailable, "etcdserver: no leader"),
        KvError.NotLeader => new(StatusCode.FailedPrecondition, "etcdserver: not leader"),
        KvError.LeaderChanged => new(StatusCode.Unavailable, "etcdserver: leader changed"),
        KvError.NotCapable => new(StatusCode.FailedPrecondition, "etcdserver: not capable"),
        KvError.Stopped => new(StatusCode.Unavailable, "etcdserver: server stopped"),
        KvError.Timeout => new(StatusCode.Unavailable, "etcdserver: request timed out"),
        KvError.TimeoutDueToLeaderFail => new(StatusCode.Unavailable, "etcdserver: request timed out, possibly due to previous leader failure"),
        KvError.TimeoutDueToConnectionLost => new(StatusCode.Unavailable, "etcdserver: request timed out, possibly due to connection lost"),
        KvError.TimeoutWaitAppliedIndex => new(StatusCode.Unavailable, "etcdserver: request timed out, waiting for the applied index took too long"),
        KvError.Unhealthy => new(StatusCode.Unavailable, "etcdserver: unhealthy cluster"),
        KvError.Corrupt => new(StatusCode.DataLoss, "etcdserver: corrupt cluster"),
        KvError.NotSupportedForLearner => new(StatusCode.FailedPrecondition, "etcdserver: rpc not supported for learner"),
        KvError.BadLeaderTransferee => new(StatusCode.FailedPrecondition, "etcdserver: bad leader transferee"),
        KvError.ClusterIDMismatch => new(StatusCode.FailedPrecondition, "etcdserver: cluster ID mismatch"),
        KvError.PermissionNotGiven => new(StatusCode.InvalidArgument, "etcdserver: permission not given"),
        KvError.ClusterVersionUnavailable => new(StatusCode.FailedPrecondition, "etcdserver: cluster version not found during downgrade"),
        KvError.WrongDowngradeVersionFormat => new(StatusCode.InvalidArgument, "etcdserver: wrong downgrade target version format"),
        KvError.InvalidDowngradeTargetVersion => new(StatusCode.InvalidArgument, "etcdserver: invalid downgrade target version"),
        KvError.DowngradeInProcess => new(StatusCode.FailedPrecondition, "etcdserver: cluster has a downgrade job in progress"),
        KvError.NoInflightDowngrade => new(StatusCode.FailedPrecondition, "etcdserver: no inflight downgrade job"),
        KvError.Canceled => new(StatusCode.Cancelled, "etcdserver: request canceled"),
        KvError.DeadlineExceeded => new(StatusCode.DeadlineExceeded, "etcdserver: context deadline exceeded"),
        KvError.InvalidClientAPIVersion => new(StatusCode.InvalidArgument, "etcdserver: invalid client api version"),
        KvError.InvalidSortOption => new(StatusCode.InvalidArgument, "etcdserver: invalid sort option"),
        KvError.NotPrimaryLessor => new(StatusCode.Unknown, "not a primary lessor"),
        KvError.LeaderTransferTimeout => new(StatusCode.Unknown, "etcdserver: request timed out, leader transfer took too long"),
        KvError.UnknownMethod => new(StatusCode.Unknown, "etcdserver: unknown method"),
        KvError.ProposalDropped => new(StatusCode.Unknown, "raft proposal dropped"),
        KvError.RangeStreamSort => new(StatusCode.Unimplemented, "RangeStream does not support custom sort orders"),
        KvError.RangeStreamFilter => new(StatusCode.Unimplemented, "RangeStream does not support revision filters"),
        KvError.HealthUnknownService => new(StatusCode.NotFound, "unknown service"),
        _ => throw new ArgumentOutOfRangeException(nameof(error), error, "an error without a status: add its row here"),
    };
}
