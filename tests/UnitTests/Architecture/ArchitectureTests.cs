using System.Reflection;
using NetArchTest.Rules;
using OrleansInference;
using OrleansInference.Api;
using OrleansInference.Grains;
using OrleansInference.Silo;
using OrleansInference.Storage.Sql;

namespace UnitTests.Architecture;

/// <summary>The arrows of docs/architecture.md.</summary>
public sealed class ArchitectureTests
{
    private const string Abstractions = "OrleansInference.Abstractions";
    private const string Grains = "OrleansInference.Grains";
    private const string Storage = "OrleansInference.Storage";
    private const string Silo = "OrleansInference.Silo";
    private const string Demo = "FraudDemo";

    private static readonly Assembly Api = typeof(ApiHost).Assembly;

    public static TheoryData<Assembly, string[]> Arrows => new()
    {
        { typeof(IInferenceClient).Assembly, [] },
        { typeof(TimeBudget).Assembly, [Abstractions] },
        { typeof(SqliteStorageOptions).Assembly, [Abstractions, Grains] },
        { typeof(InferencePaths).Assembly, [Abstractions, Grains, Storage] },
        { Api, [Abstractions, Grains, Silo, Demo] },
        { typeof(FraudDemo.FraudDatabase).Assembly, [] },
    };

    [Theory, MemberData(nameof(Arrows), DisableDiscoveryEnumeration = true)]
    public void Assembly_ReferencesOfOurs_FollowTheArrows(Assembly assembly, string[] allowed)
    {
        var ours = assembly.GetReferencedAssemblies().Select(reference => reference.Name!).Where(IsOurs);

        Assert.Empty(ours.Except(allowed));
    }

    [Fact]
    public void Abstractions_References_HoldNothingHeavy()
    {
        var references = typeof(IInferenceClient).Assembly.GetReferencedAssemblies().Select(reference => reference.Name!);

        Assert.DoesNotContain(references, name => name.Contains("Onnx", StringComparison.Ordinal) || name.Contains("Sqlite", StringComparison.Ordinal)
            || name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) || name == "Orleans.Runtime");
    }

    [Fact]
    public void Api_UsesTheDemo_InItsDemoFolderOnly()
    {
        var outside = Types.InAssembly(Api).That().DoNotResideInNamespace("OrleansInference.Api.Demo").And().HaveDependencyOn(Demo).GetTypes();

        Assert.Empty(outside.Select(type => type.FullName));
    }

    [Fact]
    public void Api_UsesOfGrains_AreItsStartFaultOnly()
    {
        var allowed = new[] { "ListenAddresses", "<StartAsync>" };
        var users = Types.InAssembly(Api).That().HaveDependencyOn("OrleansInference.Grains").GetTypes().Select(type => type.Name);

        Assert.All(users, name => Assert.Contains(allowed, part => name.Contains(part, StringComparison.Ordinal)));
    }

    [Fact]
    public void SourceFiles_Lengths_StayWithinOneIdea()
    {
        var files = Directory.EnumerateFiles(SourceTree.File("src"), "*.cs", SearchOption.AllDirectories).Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

        Assert.DoesNotContain(files, file => File.ReadLines(file).Count() > 350);
    }

    private static bool IsOurs(string name) => name == Demo || name.StartsWith("OrleansInference.", StringComparison.Ordinal);
}
