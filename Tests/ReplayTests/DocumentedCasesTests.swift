import Foundation
import Policy
import Replay
import Testing

/// The cases of docs/POLICY.md pass under the policy before them.
struct DocumentedCasesTests {
    private static func blocks() throws -> [(fence: String, text: String)] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appendingPathComponent("docs/POLICY.md"), encoding: .utf8)
        var blocks: [(fence: String, text: String)] = []
        var isOpen = false
        for line in page.components(separatedBy: "\n") {
            if line.hasPrefix("```") {
                if !isOpen { blocks.append((line, "")) }
                isOpen.toggle()
            } else if isOpen {
                blocks[blocks.count - 1].text += line + "\n"
            }
        }
        return blocks
    }

    @Test func casesOfThePagePassUnderThePolicyBeforeThem() throws {
        let blocks = try Self.blocks()
        let places = blocks.indices.filter { blocks[$0].fence == "```json cases" }
        #expect(!places.isEmpty)
        for place in places {
            let before = try #require(blocks[..<place].last { $0.fence == "```json" })
            let outcomes = try CaseFile(parsing: Array(blocks[place].text.utf8)).run(under: try policy(before.text))
            #expect(outcomes.count >= 8 && outcomes.allSatisfy(\.passes), "\(outcomes.filter { !$0.passes })")
        }
    }

    @Test func everyFieldOfACaseIsOnThePage() throws {
        let page = try Self.blocks().map(\.text).joined()
        for field in ["tool", "expect", "rule", "args", "grant", "at", "fresh", "name"] {
            #expect(page.contains("\"\(field)\""), "\(field)")
        }
    }
}
