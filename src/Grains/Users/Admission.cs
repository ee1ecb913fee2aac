using OrleansInference.Grains.Features;
using OrleansInference.Grains.Features.Windows;
using OrleansInference.Grains.Models.Planning;
using OrleansInference.Grains.PostProcessing;

namespace OrleansInference.Grains.Users;

/// <summary>A prediction's place in the order in which the user's windows were read and changed.</summary>
/// <remarks>Disposed before it was handed to the log, it is withdrawn: its event goes, and so do later predictions that counted it.</remarks>
internal sealed class Admission : IDisposable
{
    private readonly UserWindows? _owner;

    public Admission(UserWindows? owner, BoundRequest request, RecordChain? chain)
    {
        _owner = owner;
        Request = request;
        Chain = chain;
    }

    /// <summary>The request, with what its defaults read from the windows before it.</summary>
    public BoundRequest Request { get; }

    /// <summary>The records that this prediction builds on; null where the user's order does not matter to it.</summary>
    public RecordChain? Chain { get; }

    /// <summary>The rows of the plan's window views, in their order.</summary>
    public FeatureRow[] Rows { get; init; } = [];

    /// <summary>The window that its event entered; null for a question and for what came too late.</summary>
    public EventWindow? Window { get; init; }

    public WindowEvent Event { get; init; }

    public AdmissionState State { get; set; }

    /// <summary>Its number, once it was handed over.</summary>
    public long Sequence { get; set; }

    /// <summary>Its event for the record; null where it has none.</summary>
    public RecordedEvent? ToRecorded() => Window is null
        ? null
        : new RecordedEvent(Window.View.Name, Event.Ticks, [.. Window.View.Fields.Zip(Event.Values, KeyValuePair.Create)]);

    /// <summary>Whether what it counted may still be recorded. Asked in the turn in which it is handed over.</summary>
    public bool IsSound => Chain is null || (State is AdmissionState.Admitted && !Chain.IsBroken);

    /// <summary>Waits until all that were admitted before have been handed over, or this one need not be any more.</summary>
    public ValueTask ComeToTurnAsync(CancellationToken cancellationToken) => Chain is null ? default : _owner!.ComeToTurnAsync(this, cancellationToken);

    /// <summary>Follows its record, which was handed to the log.</summary>
    public void HandOver(long sequence, Task<AppendOutcome> append) => _owner!.HandOver(this, sequence, append);

    /// <summary>Puts the rows of window views among those of the other sources.</summary>
    public FeatureRow[] Complete(PredictPlan plan, FeatureRow?[] rows)
    {
        for (var i = 0; i < Rows.Length; i++) rows[plan.Windows[i].Source] = Rows[i];
        return rows!;
    }

    public void Dispose()
    {
        if (Chain is not null) _owner!.Withdraw(this);
    }
}
