using Akka.Actor;
using Akka.TestKit;
using Xunit;

namespace Kv.Compat.Tests.AkkaCore;

/// <summary>The test kit itself.</summary>
public sealed class TestKitTests : Akka.TestKit.Xunit2.TestKit
{
    [Fact]
    public void Expectations_pass_and_fail_as_they_should()
    {
        TestActor.Tell("a");
        ExpectMsg("a");
        TestActor.Tell(1);
        Assert.ThrowsAny<Exception>(() => ExpectMsg<string>());
        TestActor.Tell("b");
        Assert.ThrowsAny<Exception>(() => ExpectMsg("c"));
        Assert.ThrowsAny<Exception>(() => ExpectMsg<string>(TimeSpan.FromMilliseconds(20)));
        TestActor.Tell("d");
        Assert.ThrowsAny<Exception>(() => ExpectNoMsg(TimeSpan.FromMilliseconds(20)));
        TestActor.Tell("e");
        ExpectMsg<string>(static s => s == "e");
    }

    [Fact]
    public async Task Messages_are_received_in_numbers_skipped_and_chosen()
    {
        foreach (var i in Enumerable.Range(1, 6)) TestActor.Tell(i);
        Assert.Equal([1, 2], ReceiveN(2).Cast<int>());
        Assert.Equal(4, FishForMessage<int>(static n => n == 4));
        Assert.Equal(5, ExpectMsgAnyOf([9, 5]));
        Assert.Equal(6, await ExpectMsgAsync<int>());
        TestActor.Tell("x");
        TestActor.Tell("y");
        ExpectMsgAllOf("y", "x");
        Assert.Null(ReceiveOne(TimeSpan.FromMilliseconds(20)));
    }

    [Fact]
    public void Within_bounds_what_is_expected_inside()
    {
        Assert.ThrowsAny<Exception>(() => Within(TimeSpan.FromMilliseconds(50), () => ExpectMsg<string>()));
        Within(TimeSpan.FromSeconds(5), () =>
        {
            TestActor.Tell("in time");
            ExpectMsg("in time");
            Assert.InRange(Remaining, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        });
    }

    [Fact]
    public async Task Conditions_and_assertions_are_tried_until_they_hold()
    {
        var count = 0;
        AwaitCondition(() => ++count > 2, TimeSpan.FromSeconds(3), TimeSpan.FromMilliseconds(5));
        await AwaitAssertAsync(() => Assert.True(++count > 5), TimeSpan.FromSeconds(3), TimeSpan.FromMilliseconds(5));
        Assert.ThrowsAny<Exception>(() => AwaitCondition(static () => false, TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(5)));
    }

    [Fact]
    public void A_probe_is_an_actor_that_can_answer_forward_and_watch()
    {
        var probe = CreateTestProbe("probe");
        probe.Ref.Tell("question", TestActor);
        probe.ExpectMsg("question");
        probe.Reply("answer");
        ExpectMsg("answer");
        Assert.Equal(probe.Ref, LastSender);
        probe.Forward(TestActor);
        ExpectMsg("question");
        var other = CreateTestProbe();
        probe.Watch(other.Ref);
        Sys.Stop(other.Ref);
        probe.ExpectTerminated(other.Ref);
    }

    [Fact]
    public void A_pilot_answers_by_itself()
    {
        var probe = CreateTestProbe();
        probe.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            sender.Tell("auto " + message);
            return KeepRunning.Instance;
        }));
        probe.Ref.Tell(1, TestActor);
        probe.Ref.Tell(2, TestActor);
        ExpectMsg("auto 1");
        ExpectMsg("auto 2");
        probe.ExpectMsg(1);
    }

    [Fact]
    public void Ignored_messages_are_not_seen()
    {
        IgnoreMessages<int>(static n => n < 10);
        TestActor.Tell(1);
        TestActor.Tell(11);
        ExpectMsg(11);
        IgnoreNoMessages();
        TestActor.Tell(2);
        ExpectMsg(2);
    }

    private sealed class Adder : ReceiveActor
    {
        public int Sum { get; private set; }

        public Adder()
        {
            Receive<int>(n => Sum += n);
            Receive<string>(s => throw new InvalidOperationException(s));
        }
    }

    [Fact]
    public void A_test_actor_ref_handles_at_once_and_can_be_looked_into()
    {
        var adder = ActorOfAsTestActorRef<Adder>("adder");
        adder.Tell(2);
        adder.Tell(3);
        Assert.Equal(5, adder.UnderlyingActor.Sum);
        adder.Receive(4);
        Assert.Equal(9, adder.UnderlyingActor.Sum);
        Assert.Throws<InvalidOperationException>(() => adder.Receive("now"));
    }

    [Fact]
    public async Task The_test_stays_the_sender_after_an_await()
    {
        var probe = CreateTestProbe();
        await Task.Yield();
        probe.Ref.Tell("x");
        await probe.ExpectMsgAsync("x");
        probe.Reply("y");
        ExpectMsg("y");
    }
}
