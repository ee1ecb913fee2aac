namespace IntegrationTests.Infrastructure;

/// <summary>Good bodies with a few bytes wrong, the same for the same seed.</summary>
internal static class Mutations
{
    public static byte[] Of(byte[] good, Random random)
    {
        var body = good.ToList();
        for (var edits = random.Next(1, 4); edits > 0 && body.Count > 0; edits--) Edit(body, random.Next(body.Count), random);
        return [.. body];
    }

    private static void Edit(List<byte> body, int at, Random random)
    {
        switch (random.Next(5))
        {
            case 0:
                body[at] = (byte)random.Next(256);
                break;
            case 1:
                body.Insert(at, (byte)"0123456789{}[]\",:\\eE+-u"[random.Next(23)]);
                break;
            case 2:
                body.RemoveAt(at);
                break;
            case 3:
                body.RemoveRange(at, random.Next(body.Count - at));
                break;
            default:
                body.InsertRange(at, body.GetRange(at, random.Next(body.Count - at)));
                break;
        }
    }
}
