/// The day read last: consecutive records are mostly of one day, and a calendar is slower than ten equal bytes.
struct DayText {
    private var low: UInt64 = 0
    private var high: UInt16 = 0
    /// Microseconds from 1970 to the day; nil until one was read.
    private var start: Int64?

    /// A moment of exactly 27 bytes, in microseconds since 1970.
    mutating func moment(_ text: UnsafeRawBufferPointer) -> Int64? {
        let low = text.loadUnaligned(as: UInt64.self)
        let high = text.loadUnaligned(fromByteOffset: 8, as: UInt16.self)
        guard let start, low == self.low, high == self.high else {
            guard let moment = Timestamp(utf8: text)?.microseconds, let time = time(text) else { return nil }
            start = moment - time
            self.low = low
            self.high = high
            return moment
        }
        return time(text).map { start + $0 }
    }

    /// Microseconds into the day, by what follows its ten bytes.
    @inline(__always)
    private func time(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard text[10] == UInt8(ascii: "T"), text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"),
            text[19] == UInt8(ascii: "."), text[26] == UInt8(ascii: "Z"), let hour = two(text, 11),
            let minute = two(text, 14), let second = two(text, 17), let a = two(text, 20), let b = two(text, 22),
            let c = two(text, 24), hour < 24, minute < 60, second < 60
        else { return nil }
        return ((hour * 60 + minute) * 60 + second) * 1_000_000 + (a * 100 + b) * 100 + c
    }

    @inline(__always)
    private func two(_ text: UnsafeRawBufferPointer, _ offset: Int) -> Int64? {
        let tens = text[offset] &- UInt8(ascii: "0")
        let ones = text[offset + 1] &- UInt8(ascii: "0")
        return tens < 10 && ones < 10 ? Int64(tens) * 10 + Int64(ones) : nil
    }
}
