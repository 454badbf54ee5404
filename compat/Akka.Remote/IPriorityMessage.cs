namespace Akka.Remote;

/// <summary>Overtakes ordinary messages in the queue of a peer: heartbeats, which a long queue must not make late.</summary>
internal interface IPriorityMessage;
