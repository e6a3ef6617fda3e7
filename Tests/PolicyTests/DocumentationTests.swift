import Events
import Foundation
import Policy
import StrictJSON
import Testing

/// The examples of docs/POLICY.md: each policy is read as the page says, each call becomes what the page says.
struct DocumentationTests {
    struct Example {
        var policy = ""
        var refused: [String] = []
        var warned: [String] = []
        var calls: [String] = []
    }

    private static func examples() throws -> [Example] {
        var examples: [Example] = []
        var fence: String?
        var next = Example()
        for line in String(decoding: try projectFile("docs/POLICY.md"), as: UTF8.self).components(separatedBy: "\n") {
            if let open = fence {
                if line == "```" {
                    fence = nil
                } else if open == "```json" {
                    examples[examples.count - 1].policy += line + "\n"
                } else if open == "```text" {
                    examples[examples.count - 1].calls.append(line)
                }
            } else if line.hasPrefix("```") {
                fence = line
                if line == "```json" {
                    examples.append(next)
                    next = Example()
                }
            } else if line.hasPrefix("<!--") {
                let words = line.split(separator: " ").dropFirst().dropLast().map(String.init)
                if words.first == "refused:" { next.refused = Array(words.dropFirst()) }
                if words.first == "warned:" { next.warned = Array(words.dropFirst()) }
            }
        }
        return examples
    }

    @Test func policiesAreReadAsThePageSays() throws {
        let examples = try Self.examples()
        #expect(examples.count >= 6)
        for example in examples {
            let reading = PolicyDocument.read(Array(example.policy.utf8))
            #expect(Set(reading.errors.map(\.pointer)) == Set(example.refused), "\(reading.errors)")
            #expect(Set(reading.warnings.map(\.pointer)) == Set(example.warned), "\(reading.warnings)")
        }
    }

    @Test func callsBecomeWhatThePageSays() throws {
        var count = 0
        for example in try Self.examples() where !example.calls.isEmpty {
            let policy = try policy(example.policy)
            var counters = LimitCounters()
            for (index, line) in example.calls.enumerated() {
                let first = try #require(line.firstIndex(of: "{"))
                let last = try #require(line.lastIndex(of: "}"))
                let tool = line[..<first].trimmingCharacters(in: .whitespaces)
                let expected = line[line.index(after: last)...].split(separator: " ", maxSplits: 1)
                let verdict = policy.decide(
                    try call(tool, String(line[first...last])), counters: &counters,
                    now: .after(Double(index) / 1000))
                #expect(verdict.verdict.rawValue == expected.first.map(String.init), "\(line)")
                let rule = expected.count > 1 ? expected[1].trimmingCharacters(in: .whitespaces) : nil
                #expect(verdict.rule == rule, "\(line)")
                count += 1
            }
        }
        #expect(count >= 30)
    }

    @Test func everyFieldWordAndBoundIsOnThePage() throws {
        let page = String(decoding: try projectFile("docs/POLICY.md"), as: UTF8.self)
        let words =
            ConditionOperator.allCases.map(\.rawValue) + LimitScope.allCases.map(\.rawValue)
            + LimitAlgorithm.allCases.map(\.rawValue) + Risk.allCases.map(\.rawValue)
            + ["version", "default", "hide", "all_tools", "tools", "brake", "mode", "require", "deny_if", "limits"]
            + ["record", "counter", "window", "max", "scope", "increment", "increment_from", "on_deny", "approval"]
        for word in words { #expect(page.contains("`\(word)`"), "\(word)") }
    }
}
