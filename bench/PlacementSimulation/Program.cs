using System.CommandLine;
using System.Globalization;
using PlacementSimulation;

// How users and their traffic spread over silos: placement as Orleans does it by default, traffic by a Zipf distribution. The same seed gives the same table.
//
//   dotnet run -c Release --project bench/PlacementSimulation -- [--users N] [--load 0.6] [--top-rate 3500] [--seed N]
var users = new Option<int>("--users") { Description = "Users that become active, in the order of their first predictions.", DefaultValueFactory = _ => 1_000_000 };
var load = new Option<double>("--load") { Description = "CPU of all silos together once every user is active, of 1.", DefaultValueFactory = _ => 0.6 };
var topRate = new Option<double>("--top-rate") { Description = "Predictions a second at which one user's grain is full.", DefaultValueFactory = _ => 3_500 };
var seed = new Option<int>("--seed") { DefaultValueFactory = _ => 42 };
var command = new RootCommand("How users and their traffic spread over the silos of a cluster.") { users, load, topRate, seed };
command.SetAction(arguments => Run(arguments.GetValue(users), arguments.GetValue(load), arguments.GetValue(topRate), arguments.GetValue(seed)));
return command.Parse(args).Invoke();

static void Run(int users, double load, double topRate, int seed)
{
    Print($"{users} users, {load:P0} CPU, seed {seed}: the fullest silo over the mean one");
    Print($"| silos | exponent | users | traffic | directory | hottest user's share | all users' rate at which it is full |");
    Print($"| --- | --- | --- | --- | --- | --- | --- |");
    foreach (var silos in new[] { 3, 10, 30, 100 })
    {
        foreach (var exponent in new[] { 0.0, 0.8, 1.0, 1.2 })
        {
            var random = new Random(seed);
            var traffic = new ZipfTraffic(users, exponent);
            var cluster = new Cluster(silos, load, random);
            foreach (var user in traffic.InOrderOfArrival(random)) cluster.Place(traffic.ShareOf(user));
            Print($"| {silos} | {exponent:F1} | x {cluster.UsersImbalance:F2} | x {cluster.TrafficImbalance:F2} | x {cluster.DirectoryImbalance:F2} | {traffic.ShareOf(0):P4} | {topRate / traffic.ShareOf(0):N0}/s |");
        }
    }
}

static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
