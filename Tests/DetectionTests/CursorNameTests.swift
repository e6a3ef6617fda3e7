import Events
import Testing

@testable import Detection

/// Which arguments page through a list.
@Suite struct CursorNameTests {
    @Test(arguments: ["cursor", "page_token", "nextToken", "startIndex", "Offset", "page", "after", "list-from"])
    func aCursor(_ name: String) { #expect(CursorName.isOne(name)) }

    @Test(arguments: ["", "query", "pages", "pager", "limit", "startle", "a", "_", "é", "tokenizer"])
    func noCursor(_ name: String) { #expect(!CursorName.isOne(name)) }
}
