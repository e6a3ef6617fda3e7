/// A W3C trace id: the 16 bytes by which one trace is known across systems.
public struct TraceID: Hashable, Sendable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    /// Reads the trace id of a `traceparent` (W3C Trace Context, §3.2): `00-<32 hex>-<16 hex>-<2 hex>`.
    ///
    /// - Returns: nil for anything the recommendation calls invalid: other lengths or digits, version `ff`, zero ids.
    public init?(traceParent text: UnsafeBufferPointer<UInt8>) {
        // Later versions may add fields behind another dash.
        guard text.count == 55 || (text.count > 55 && text[55] == UInt8(ascii: "-")) else { return nil }
        let dash = UInt8(ascii: "-")
        guard text[2] == dash, text[35] == dash, text[52] == dash,
            let version = TraceID.hexadecimal(text[0..<2]), version != 0xFF, version != 0 || text.count == 55,
            let high = TraceID.hexadecimal(text[3..<19]), let low = TraceID.hexadecimal(text[19..<35]),
            let parent = TraceID.hexadecimal(text[36..<52]), TraceID.hexadecimal(text[53..<55]) != nil,
            high | low != 0, parent != 0
        else { return nil }
        self.high = high
        self.low = low
    }

    /// The id as 32 lower-case hexadecimal digits.
    public var description: String {
        func padded(_ value: UInt64) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return padded(high) + padded(low)
    }

    private static func hexadecimal(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return value
    }
}
