/// A reader of event streams in the words of the HTML standard (§9.2.6), over the whole stream at once.
struct NaiveEventStream {
    struct Event: Equatable {
        var data: [UInt8]?
        var id: [UInt8]?
        var type: [UInt8]?
    }

    var events: [Event] = []
    /// How many bytes belong to no event that has ended; a LF that completes the last CRLF not counted.
    var rest = 0

    init(_ stream: [UInt8]) {
        var bytes = stream[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        var event = Event()
        var eventStart = bytes.startIndex
        while let end = bytes.firstIndex(where: { $0 == 10 || $0 == 13 }) {
            let line = bytes[bytes.startIndex..<end]
            let length = bytes[end...].starts(with: [13, 10]) ? 2 : 1
            bytes = bytes[(end + length)...]
            if line.isEmpty {
                events.append(event)
                event = Event()
                eventStart = bytes.startIndex
                continue
            }
            let colon = line.firstIndex(of: 58) ?? line.endIndex
            var value = line[colon...].dropFirst()
            if value.first == 32 { value = value.dropFirst() }
            switch String(decoding: line[..<colon], as: UTF8.self) {
            case "data": event.data = event.data.map { $0 + [10] + value } ?? Array(value)
            case "event": event.type = Array(value)
            case "id": event.id = value.contains(0) ? nil : Array(value)
            default: break
            }
        }
        rest = stream.endIndex - (events.isEmpty ? stream.startIndex : eventStart)
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    private static let pieces = [
        "\n", "\n", "\n\n", "\r", "\r\n", "\r\n\r\n", "data", "data:", "data: ", "data:  x", "data:{\"id\":1}", "id:",
        "id: 7",
        "id:a\u{0}b", "event: message", "event", "retry: 10", ": ping", ":", "\u{FEFF}", " ", "datax: 1", "dat",
        "DATA: 1",
        "idx:1", "data\u{0}:", "é€🜁", String(repeating: "x", count: 40), "data: \u{2028}",
    ].map { Array($0.utf8) }

    /// A stream of pieces that mean something, put together at random, sometimes damaged.
    static func random(using random: inout Generator) -> [UInt8] {
        var stream: [UInt8] = Bool.random(using: &random) ? [0xEF, 0xBB, 0xBF] : []
        for _ in 0..<Int.random(in: 0..<40, using: &random) {
            stream += pieces.randomElement(using: &random) ?? []
        }
        if Int.random(in: 0..<4, using: &random) == 0, let place = stream.indices.randomElement(using: &random) {
            stream[place] = UInt8.random(in: 0...255, using: &random)
        }
        return stream
    }

    /// Cuts a stream into pieces of random sizes, some empty.
    static func cut(_ stream: [UInt8], using random: inout Generator) -> [[UInt8]] {
        let longest = [1, 2, 5, 40, 1000].randomElement(using: &random) ?? 1
        var pieces: [[UInt8]] = []
        var at = 0
        while at < stream.count {
            let end = min(stream.count, at + Int.random(in: 0...longest, using: &random))
            pieces.append(Array(stream[at..<end]))
            at = end
        }
        return pieces
    }
}
