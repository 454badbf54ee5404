using Xunit;

namespace Kv.Actors.Tests.Tidy;

public class SourceTreeTests
{
    [Theory]
    [InlineData("a // File\nb", "a        \nb")]
    [InlineData("a /* x\ny */ b", "a     \n     b")]
    [InlineData("f(\"File\", 'x')", "f(      ,    )")]
    [InlineData("f(\"a\\\"File\") + g", "f(         ) + g")]
    [InlineData("x = \"\"\"File \" here\"\"\";", "x =                  ;")]
    public void Comments_and_strings_do_not_count_as_code(string text, string code) =>
        Assert.Equal(code, new SourceFile("P/F.cs", text).Code);

    [Fact]
    public void A_file_knows_its_project_folder_and_lines()
    {
        var file = new SourceFile("Kv.Actors/Raft/RaftCore.cs", "one\ntwo\nthree");
        Assert.Equal(("Kv.Actors", "Raft", "RaftCore.cs", 3), (file.Project, file.Folder, file.Name, file.LineOf(9)));
    }
}
