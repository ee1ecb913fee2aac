using System.Globalization;
using System.Text.RegularExpressions;
using OrleansInference.Grains.Models.Repository;

namespace OrleansInference.Grains.Models.Manifest;

/// <summary>The versions that serve: what the manifest's <c>versions</c> makes of those that are there.</summary>
internal sealed partial record SelectedVersions(IReadOnlyList<int> Versions, int Default, IReadOnlyDictionary<string, int> Labels)
{
    private const int MaxLabels = 100;

    /// <summary>What serves; meaningless where a fault was added.</summary>
    public static SelectedVersions Of(StoredModel stored, VersionsSection? section, ManifestFaults? faults) =>
        section is null
            ? new SelectedVersions([.. stored.Versions.Keys.Order()], stored.Versions.Keys.Max(), new Dictionary<string, int>())
            : new Selection(stored.Versions.Keys, section, faults!).Select();

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9._-]{0,63}\\z")]
    private static partial Regex Label();

    [GeneratedRegex("^[0-9A-Fa-f]{64}\\z")]
    private static partial Regex Hash();

    private sealed class Selection(IEnumerable<int> stored, VersionsSection section, ManifestFaults faults)
    {
        private readonly SortedSet<int> _stored = [.. stored];

        public SelectedVersions Select()
        {
            var chosen = ByPolicy();
            var fallback = chosen.DefaultIfEmpty(_stored.Max).Max();
            var defaultVersion = section.Default ?? fallback;
            if (section.Default is { } named) Keep("versions.default", named);
            Examine(defaultVersion);
            var labels = section.Labels ?? new Dictionary<string, int>();
            foreach (var (label, version) in labels) ExamineLabel(label, version);
            if (labels.Count > MaxLabels) faults.Add("versions.labels", $"there are {labels.Count} labels. Keep at most {MaxLabels}.");
            return new SelectedVersions(
                [.. chosen.Append(defaultVersion).Concat(labels.Values).Concat(Aside).Where(_stored.Contains).Distinct().Order()], defaultVersion, labels);
        }

        // Versions on trial: the policy does not count them, and neither is what answers when nobody asks.
        private IEnumerable<int> Aside
        {
            get
            {
                if (section.Canary is { } canary) yield return canary.Version;
                if (section.Shadow is { } shadow) yield return shadow.Version;
            }
        }

        private int[] ByPolicy()
        {
            if (section.NumVersions is not null && section.Policy is not VersionsSection.Latest)
                faults.Add("versions.numVersions", $"it belongs to the policy \"latest\", but the policy is \"{section.Policy}\". Remove it, or change versions.policy.");
            if (section.Specific is not null && section.Policy is not VersionsSection.SpecificOnes)
                faults.Add("versions.specific", $"it belongs to the policy \"specific\", but the policy is \"{section.Policy}\". Remove it, or change versions.policy.");
            var candidates = _stored.Except(Aside).ToArray();
            switch (section.Policy)
            {
                case VersionsSection.All:
                    return candidates;
                case VersionsSection.Latest:
                    if (section.NumVersions is < 1) faults.Add("versions.numVersions", $"{section.NumVersions} is out of range. Set at least 1.");
                    return candidates[^Math.Clamp(section.NumVersions ?? 1, 0, candidates.Length)..];
                case VersionsSection.SpecificOnes:
                    return Specific();
                default:
                    faults.Add("versions.policy", $"'{section.Policy}' is no policy. Write all, latest or specific.");
                    return candidates;
            }
        }

        private int[] Specific()
        {
            if (section.Specific is not { Count: > 0 })
            {
                faults.Add("versions.policy", "the policy \"specific\" needs versions.specific. Add it with the versions to serve.");
                return [];
            }

            for (var i = 0; i < section.Specific.Count; i++) Keep($"versions.specific[{i}]", section.Specific[i]);
            return [.. section.Specific.Except(Aside).Order()];
        }

        private void Examine(int defaultVersion)
        {
            if (section.Canary is { } canary)
            {
                Keep("versions.canary.version", canary.Version);
                ExamineCanary(canary, defaultVersion);
            }

            if (section.Shadow is { } shadow)
            {
                Keep("versions.shadow.version", shadow.Version);
                if (shadow.Version == defaultVersion) faults.Add("versions.shadow.version", $"{shadow.Version} is the default version too. Name another one, or another versions.default.");
            }

            foreach (var (version, hash) in section.Sha256 ?? new Dictionary<string, string>()) ExamineHash(version, hash);
        }

        private void ExamineCanary(CanarySection canary, int defaultVersion)
        {
            if (canary.Version == defaultVersion) faults.Add("versions.canary.version", $"{canary.Version} is the default version too. Name another one, or another versions.default.");
            if (canary.Percent is not (>= 0 and <= 100)) faults.Add("versions.canary.percent", Number($"{canary.Percent} is out of range. Set 0 to 100."));
            else if (Math.Abs(Math.Round(canary.Percent, 2) - canary.Percent) > 1e-9) faults.Add("versions.canary.percent", Number($"{canary.Percent} has more than two decimals. Round it."));
            if (canary.MaxErrorRate is not (null or (>= 0 and <= 1))) faults.Add("versions.canary.maxErrorRate", Number($"{canary.MaxErrorRate} is out of range. Set 0 to 1."));
            if (canary.MaxLatencyRatio is not (null or > 0)) faults.Add("versions.canary.maxLatencyRatio", Number($"{canary.MaxLatencyRatio} is out of range. Set more than 0."));
            if (canary.MinRequests < 1) faults.Add("versions.canary.minRequests", $"{canary.MinRequests} is out of range. Set at least 1.");
            if (canary.Window < TimeSpan.FromSeconds(1) || canary.Window > TimeSpan.FromDays(1)) faults.Add("versions.canary.window", $"{canary.Window} is out of range. Set 00:00:01 to 1.00:00:00.");
        }

        private void ExamineLabel(string label, int version)
        {
            var path = $"versions.labels.{label}";
            if (!Label().IsMatch(label)) faults.Add(path, $"'{label}' cannot be a label. Use letters, digits, '.', '_' and '-', beginning with a letter, at most 64.");
            Keep(path, version);
        }

        private void ExamineHash(string version, string hash)
        {
            var path = $"versions.sha256.{version}";
            if (!int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) faults.Add(path, $"'{version}' is no version. Write its number, such as \"1\".");
            else Keep(path, number);
            if (!Hash().IsMatch(hash)) faults.Add(path, "this is no SHA-256. Write its 64 hexadecimal digits, as sha256sum prints them.");
        }

        private void Keep(string path, int version)
        {
            if (!_stored.Contains(version)) faults.Add(path, $"there is no version {version}. Add its folder, or name one of: {string.Join(", ", _stored)}.");
        }

        private static string Number(FormattableString text) => FormattableString.Invariant(text);
    }
}
