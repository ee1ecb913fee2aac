using System.Text;
using OrleansInference.Grains.Models.Manifest;

namespace UnitTests.Grains.Models.Manifest;

public sealed class JsonLinesTests
{
    private const string Json =
        """
        // a comment
        {
          "a": 1, "b": {
            "c": [
              10,
              { "d": [ [ 1 ],
                [ 2 ] ] }, /* over
              two lines */ 30
            ],
            "e": 1
          },
          "f": []
        }
        """;

    [Theory]
    [InlineData("", 2)]
    [InlineData("a", 3)]
    [InlineData("b", 3)]
    [InlineData("b.c", 4)]
    [InlineData("b.c[0]", 5)]
    [InlineData("b.c[1].d", 6)]
    [InlineData("b.c[1].d[0][0]", 6)]
    [InlineData("b.c[1].d[1]", 7)]
    [InlineData("b.c[2]", 8)]
    [InlineData("b.e", 10)]
    [InlineData("f", 12)]
    public void Of_WrittenPath_IsItsLine(string path, int line) => Assert.Equal(line, Lines(Json).Of(path));

    [Theory]
    [InlineData("b.c[1].x.y", 6)]
    [InlineData("b.x", 3)]
    [InlineData("b['odd.name'].x", 3)]
    [InlineData("f[0]", 12)]
    [InlineData("nowhere.at.all", 2)]
    public void Of_PathThatIsNotWritten_IsTheNearestParentsLine(string path, int line) => Assert.Equal(line, Lines(Json).Of(path));

    private static JsonLines Lines(string json) => new(Encoding.UTF8.GetBytes(json));
}
