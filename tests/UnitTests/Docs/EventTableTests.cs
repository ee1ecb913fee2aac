using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Logging;
using OrleansInference;
using OrleansInference.Api;
using OrleansInference.Grains;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Silo;
using OrleansInference.Storage.Sql;

namespace UnitTests.Docs;

/// <summary>The table of events in docs/operations.md, and the ids behind it.</summary>
public sealed class EventTableTests
{
    private static readonly Assembly[] Ours =
        [typeof(IInferenceClient).Assembly, typeof(TimeBudget).Assembly, typeof(SqliteStorageOptions).Assembly, typeof(InferencePaths).Assembly, typeof(ApiHost).Assembly];

    private static readonly (int Id, LogLevel Level)[] Logged =
        [.. Ours.SelectMany(assembly => assembly.GetTypes()).SelectMany(MethodsOf).Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>().Select(message => (message.EventId, message.Level)).Distinct()];

    private static readonly (int Id, LogLevel Level)[] Table =
        [.. MarkdownTable.Read("operations.md", "| id | level | what happened | what to do |").Select(row => (int.Parse(row[0], CultureInfo.InvariantCulture), Enum.Parse<LogLevel>(row[1])))];

    [Fact]
    public void EventIds_AndLoggedMessages_AreTheSame()
    {
        var constants = typeof(EventIds).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (int)field.GetRawConstantValue()!);

        Assert.Equal(constants.Order(), Logged.Select(logged => logged.Id).Distinct().Order());
    }

    [Fact]
    public void EventsAtError_AreAllInTheTable() =>
        Assert.Empty(Logged.Where(logged => logged.Level >= LogLevel.Error).Except(Table));

    [Fact]
    public void Table_Rows_AreEventsAtTheirLevelEachOnce()
    {
        Assert.Empty(Table.Except(Logged));
        Assert.Equal(Table.Select(row => row.Id).Distinct().Order(), Table.Select(row => row.Id));
    }

    private static IEnumerable<MethodInfo> MethodsOf(Type type) =>
        type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);
}
