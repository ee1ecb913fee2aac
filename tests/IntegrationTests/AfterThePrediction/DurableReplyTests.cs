using System.Net;
using System.Text.RegularExpressions;
using IntegrationTests.Infrastructure;

namespace IntegrationTests.AfterThePrediction;

/// <summary>The kernel's own account: between the last write of the log and each reply the disk has said that it is there.</summary>
public sealed class DurableReplyTests
{
    private const int Predictions = 50;

    [Fact]
    public async Task Predict_OneAfterTheOther_SyncsTheLogBetweenItsLastWriteAndEachReply()
    {
        using var directory = new TestDirectory();
        await DemoData.CopyToAsync(directory.File("data"));
        await using var server = await ServerProcess.StartApiAsync($"--Inference:DataDirectory={directory.File("data")}");
        await server.Http.WarmUpAsync();
        var log = FindDescriptor(server.Id, "inference.db-wal");

        await using var calls = await SystemCalls.AttachAsync(server.Id, directory.File("calls"), "pwrite64", "fdatasync", "fsync", "sendmsg", "sendto", "write");
        var answered = 0;
        while (answered < Predictions)
        {
            // Of a user without a history, whose snapshot would be written beside the replies. Slowed down by being watched, one may miss the demo's deadline: that is no reply to hold against the log.
            var (status, _) = await server.Http.PostJsonAsync("/predict", """{"user_id": "without-history", "raw_feature": "3156", "amount": 20}""");
            if (status is HttpStatusCode.OK) answered++;
        }

        Assert.Equal(Predictions, CountDurableReplies(await calls.DetachAsync(), log));
    }

    // Fails at the first reply that is sent while something of the log is written and not on disk, or that wrote nothing.
    private static int CountDurableReplies(IReadOnlyList<string> calls, string log)
    {
        var (write, sync) = (new Regex($@"\bpwrite64\(({log}),"), new Regex($@"\b(fdatasync|fsync)\(({log})\b"));
        var (replies, writtenSinceReply, unsynced) = (0, false, false);
        var syncing = new HashSet<string>();
        foreach (var call in calls)
        {
            var thread = call.Split(' ', 2)[0];
            if (write.IsMatch(call))
            {
                (writtenSinceReply, unsynced) = (true, true);
                syncing.Clear();
            }
            else if (sync.IsMatch(call))
            {
                if (call.Contains("unfinished", StringComparison.Ordinal)) syncing.Add(thread);
                else unsynced &= !call.EndsWith("= 0", StringComparison.Ordinal);
            }
            else if (call.Contains("fdatasync resumed", StringComparison.Ordinal) && call.EndsWith("= 0", StringComparison.Ordinal) && syncing.Remove(thread))
            {
                unsynced = false;
            }
            else if (call.Contains("prediction_id", StringComparison.Ordinal) && call.Contains("send", StringComparison.Ordinal))
            {
                Assert.True(writtenSinceReply && !unsynced, $"reply {replies + 1} was sent before the log was on disk: {call}");
                (replies, writtenSinceReply) = (replies + 1, false);
            }
        }

        return replies;
    }

    private static string FindDescriptor(int processId, string file)
    {
        var descriptors = new DirectoryInfo($"/proc/{processId}/fd").GetFiles().Where(descriptor => descriptor.LinkTarget?.EndsWith(file, StringComparison.Ordinal) is true);
        return string.Join('|', descriptors.Select(descriptor => descriptor.Name));
    }
}
