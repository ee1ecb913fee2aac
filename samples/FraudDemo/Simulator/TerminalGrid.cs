namespace FraudDemo;

/// <summary>Finds the terminals around a point: cells as wide as the reach, so only a cell and its neighbours are looked at.</summary>
/// <remarks>An index and no more: the answer is in order of id, so another index would give the same data.</remarks>
internal sealed class TerminalGrid
{
    private const int CellsPerSide = (int)(FraudRules.SquareSide / FraudRules.Reach);

    private readonly ILookup<(int Column, int Row), SimulatedTerminal> _cells;

    public TerminalGrid(IEnumerable<SimulatedTerminal> terminals)
        => _cells = terminals.ToLookup(terminal => (CellOf(terminal.X), CellOf(terminal.Y)));

    /// <summary>Ids of the terminals nearer than <see cref="FraudRules.Reach"/>, ascending.</summary>
    public int[] FindInReach(double x, double y)
    {
        var near = NeighbourhoodOf(CellOf(x), CellOf(y)).SelectMany(cell => _cells[cell]);
        return [.. near.Where(terminal => IsInReach(terminal, x, y)).Select(terminal => terminal.Id).Order()];
    }

    private static IEnumerable<(int Column, int Row)> NeighbourhoodOf(int column, int row)
        => from dx in Enumerable.Range(-1, 3) from dy in Enumerable.Range(-1, 3) select (column + dx, row + dy);

    private static bool IsInReach(SimulatedTerminal terminal, double x, double y)
    {
        var (dx, dy) = (terminal.X - x, terminal.Y - y);
        return dx * dx + dy * dy < FraudRules.Reach * FraudRules.Reach;
    }

    private static int CellOf(double position) => Math.Min((int)(position / FraudRules.Reach), CellsPerSide - 1);
}
