import MCP
import NIOCore
import Testing

@testable import Gateway

/// A message of a child as an event: one `data` line whatever white space it has.
struct ServerEventTests {
    private func event(_ message: String) -> String {
        String(buffer: Array(message.utf8).withUnsafeBytes { ServerEvent.of($0) })
    }

    @Test(arguments: [
        ("{}", "{}"), ("{}\n", "{}"), ("{}\r\n", "{}"), ("{}\n\n\r", "{}"), ("{\r}", "{ }"), ("{\r\r}\r\n", "{  }"),
        ("\r{}", " {}"), ("", ""), ("\n", ""), ("{\"a\":\"é😀\"}", "{\"a\":\"é😀\"}"), ("{} ", "{} "),
    ])
    func theDataIsTheMessageInOneLine(message: String, data: String) {
        #expect(event(message) == "event: message\ndata: \(data)\n\n")
    }

    @Test(arguments: UInt64(0)..<20)
    func everyMessageIsOneEventOfItsOwnBytes(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let length = random.below(40)
            let message = (0..<length).map { _ in random.pick(["x", "{", "\r", " ", ":", "é", "\\n", "\u{2028}"]) }
                .joined()
            let full = message + random.pick(["", "\n", "\r\n"])
            var scanner = EventStreamScanner(maximumDataBytes: 1 << 20)
            var seen: [String] = []
            Array(event(full).utf8).withUnsafeBytes { bytes in
                scanner.feed(bytes) { event in
                    if case .bytes(let data) = event.data { seen.append(String(decoding: data, as: UTF8.self)) }
                }
            }
            var expected = Substring(message)
            while let last = expected.utf8.last, last == 0x0D { expected = Substring(expected.utf8.dropLast()) }
            let line = String(decoding: expected.utf8.map { $0 == 0x0D ? 0x20 : $0 }, as: UTF8.self)
            #expect(
                seen == [line] || (line.isEmpty && seen.allSatisfy(\.isEmpty)),
                "seed \(seed): \(message.debugDescription)")
        }
    }
}
