using System.Diagnostics.Metrics;
using System.Text;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OrleansInference.Grains.Diagnostics;
using OrleansInference.Silo;
using OrleansInference.Silo.Metrics;
using UnitTests.Architecture;

namespace UnitTests.Deploy;

/// <summary>The manifests, read by the client library's own types: a field that there is not is an error.</summary>
public sealed class KubernetesTests
{
    private static readonly List<object> Silo = Load("silo.yaml");
    private static readonly List<object> Api = Load("api.yaml");

    [Fact]
    public void Manifests_All_AreOfKnownKindsAndFields()
    {
        Assert.Equal([typeof(V1Deployment), typeof(V1PodDisruptionBudget), typeof(V2HorizontalPodAutoscaler), typeof(V1NetworkPolicy)], Silo.Select(one => one.GetType()));
        Assert.Equal([typeof(V1Deployment), typeof(V1Service), typeof(V1PodDisruptionBudget), typeof(V1NetworkPolicy)], Api.Select(one => one.GetType()));
        Assert.IsType<V1Secret>(Assert.Single(Load("secret.example.yaml")));
        Assert.IsType<V1ConfigMap>(Assert.Single(Load("settings.yaml")));
    }

    [Fact]
    public void Load_AFieldThatThereIsNot_IsAnError() =>
        Assert.ThrowsAny<Exception>(() => KubernetesYaml.LoadAllFromString("apiVersion: v1\nkind: Service\nmetadata:\n  name: x\nspec:\n  selectors: {}\n", strict: true));

    [Fact]
    public void Pods_All_AreProbedAndHaveTimeToEnd() => Assert.All(Deployments(), deployment =>
    {
        var container = Assert.Single(deployment.Spec.Template.Spec.Containers);

        Assert.NotNull(container.StartupProbe);
        Assert.NotNull(container.ReadinessProbe);
        Assert.NotNull(container.LivenessProbe);
        // Inference:Shutdown:Timeout is 30 s.
        Assert.True(deployment.Spec.Template.Spec.TerminationGracePeriodSeconds > 30 + container.Lifecycle.PreStop.Sleep.Seconds);
    });

    [Fact]
    public void Silos_Ready_AreAskedForTheirHealthNotForAPort()
    {
        var container = Silo.OfType<V1Deployment>().Single().Spec.Template.Spec.Containers.Single();

        // A port is taken long before the models are loaded.
        Assert.All(new[] { container.StartupProbe, container.ReadinessProbe }, probe => Assert.Equal(("/health/ready", "metrics"), (probe.HttpGet.Path, probe.HttpGet.Port.Value)));
        Assert.Equal("/health/live", container.LivenessProbe.HttpGet.Path);
    }

    [Fact]
    public void Settings_OfTheSilos_AreKnownAndBesideTheProgram()
    {
        var map = Load("settings.yaml").OfType<V1ConfigMap>().Single();
        var pod = Silo.OfType<V1Deployment>().Single().Spec.Template.Spec;
        var volume = Assert.Single(pod.Volumes, one => one.ConfigMap?.Name == map.Metadata.Name);
        var mount = Assert.Single(pod.Containers.Single().VolumeMounts, one => one.Name == volume.Name);

        Assert.Equal(("/app/silo/appsettings.json", Assert.Single(map.Data.Keys)), (mount.MountPath, mount.SubPath));
        using var json = new MemoryStream(Encoding.UTF8.GetBytes(map.Data[mount.SubPath]));
        KnownSettings.ThrowIfUnknown(new ConfigurationBuilder().AddJsonStream(json).Build());
    }

    [Fact]
    public void Pods_All_CountTheCoresThatTheyAskFor() => Assert.All(Deployments(), deployment =>
    {
        var container = deployment.Spec.Template.Spec.Containers.Single();

        Assert.Equal("requests.cpu", container.Env.Single(one => one.Name == "DOTNET_PROCESSOR_COUNT").ValueFrom.ResourceFieldRef.Resource);
        Assert.True(container.Resources.Requests.ContainsKey("cpu"));
    });

    [Fact]
    public void Budgets_And_Selectors_MeetThePodsTheyMean() => Assert.All(new[] { Silo, Api }, manifests =>
    {
        var labels = manifests.OfType<V1Deployment>().Single().Spec.Template.Metadata.Labels;

        Assert.Equal(labels, manifests.OfType<V1Deployment>().Single().Spec.Selector.MatchLabels);
        Assert.Equal(labels, manifests.OfType<V1PodDisruptionBudget>().Single().Spec.Selector.MatchLabels);
    });

    [Fact]
    public void Scaling_Silos_GoesByTheQueueThatTheMetersHave()
    {
        var scaling = Silo.OfType<V2HorizontalPodAutoscaler>().Single();

        Assert.Equal(Silo.OfType<V1Deployment>().Single().Metadata.Name, scaling.Spec.ScaleTargetRef.Name);
        // Prometheus' form of it is asserted where /metrics is read.
        Assert.Contains(Assert.Single(scaling.Spec.Metrics).Pods.Metric.Name, GaugeNames().Select(name => name.Replace('.', '_')));
    }

    [Fact]
    public void Pods_All_SayWhereTheirMetricsAre() => Assert.All(new[] { Silo, Api }, manifests =>
    {
        var pod = manifests.OfType<V1Deployment>().Single().Spec.Template;
        var container = Assert.Single(pod.Spec.Containers);
        var port = Assert.Single(container.Ports, one => one.Name == "metrics");
        var allowed = Assert.Single(manifests.OfType<V1NetworkPolicy>().Single().Spec.Ingress, rule => rule.Ports.Any(one => one.Port.Value == port.Name));

        Assert.Equal(("true", InferenceMetrics.Path), (pod.Metadata.Annotations["prometheus.io/scrape"], pod.Metadata.Annotations["prometheus.io/path"]));
        Assert.Equal(pod.Metadata.Annotations["prometheus.io/port"], $"{port.ContainerPort}");
        Assert.Equal(pod.Metadata.Annotations["prometheus.io/port"], container.Env.Single(one => one.Name == "Inference__Metrics__Port").Value);
        // Not everybody, and nobody of the outside.
        Assert.NotEmpty(allowed.FromProperty);
        Assert.DoesNotContain(manifests.OfType<V1Service>().SelectMany(service => service.Spec.Ports), one => one.TargetPort.Value == port.Name);
    });

    [Theory]
    [InlineData("Inference__Security__ApiKey", "api-key")]
    [InlineData("Inference__Cluster__Redis", "redis")]
    [InlineData("Inference__PostgreSql__ConnectionString", "postgres")]
    public void Secrets_Everywhere_ComeFromTheSecret(string variable, string key)
    {
        var uses = Deployments().SelectMany(deployment => deployment.Spec.Template.Spec.Containers[0].Env).Where(one => one.Name == variable).ToArray();
        var secret = (V1Secret)Load("secret.example.yaml").Single();

        Assert.NotEmpty(uses);
        Assert.All(uses, use => Assert.Equal((secret.Metadata.Name, key), (use.ValueFrom.SecretKeyRef.Name, use.ValueFrom.SecretKeyRef.Key)));
        Assert.Contains(key, secret.StringData.Keys);
    }

    private static List<string> GaugeNames()
    {
        var names = new List<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument is { Meter.Name: InferenceInstruments.MeterName, IsObservable: true }) names.Add(instrument.Name);
        };
        using var services = new ServiceCollection().AddMetrics().AddSingleton<InferenceInstruments>().BuildServiceProvider();
        services.GetRequiredService<InferenceInstruments>();
        listener.Start();
        return names;
    }

    private static IEnumerable<V1Deployment> Deployments() => Silo.Concat(Api).OfType<V1Deployment>();

    private static List<object> Load(string file) => KubernetesYaml.LoadAllFromString(File.ReadAllText(SourceTree.File("deploy", "kubernetes", file)), strict: true);
}
