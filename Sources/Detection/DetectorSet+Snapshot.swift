extension DetectorSet {
    /// Raised whenever a state's meaning changes; other versions are refused.
    private static let snapshotVersion: UInt32 = 1

    /// Everything the detectors remember, for `init(settings:snapshot:)`: going on from it gives the findings that going on
    /// without a stop would have given.
    public func snapshot() -> [UInt8] {
        var copy = self
        var coder = SnapshotCoder()
        copy.code(&coder)
        var bytes = coder.bytes
        var sum = Self.checksum(bytes[...])
        withUnsafeBytes(of: &sum) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Detectors that go on where a snapshot was taken; nil where it is damaged, or of another build's states.
    ///
    /// Parameters and declarations are those of `settings`, whatever they were when it was taken.
    public init?(settings: DetectionSettings, snapshot: [UInt8]) {
        guard snapshot.count > 8 else { return nil }
        let body = snapshot[..<(snapshot.count - 8)]
        let sum = snapshot.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: body.count, as: UInt64.self) }
        guard sum == Self.checksum(body) else { return nil }
        self.init(settings: settings)
        var coder = SnapshotCoder(reading: Array(body))
        code(&coder)
        guard coder.isSound, coder.isAtEnd else { return nil }
    }

    private mutating func code(_ coder: inout SnapshotCoder) {
        let sizes = [
            MemoryLayout<PairState>.stride, MemoryLayout<ToolState>.stride, MemoryLayout<AgentState>.stride,
            MemoryLayout<TroubleState>.stride,
        ]
        var header = [Self.snapshotVersion] + sizes.map(UInt32.init)
        let expected = header
        coder.raw(&header)
        guard header == expected else { return coder.refuse() }
        table.code(&coder)
        raised.code(&coder)
        coder.value(&everyone)
        coder.value(&now)
        coder.value(&watchedSince)
        coder.value(&hour)
        coder.strings(&logs)
        coder.value(&lastLog)
        coder.value(&lateCalls)
    }

    /// FNV-1a (Fowler, Noll, Vo), over words of eight bytes: it finds accidents, not intent.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var sum: UInt64 = 0xCBF2_9CE4_8422_2325
        bytes.withUnsafeBytes { raw in
            var offset = 0
            while offset + 8 <= raw.count {
                sum = (sum ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0x100_0000_01B3
                offset += 8
            }
            while offset < raw.count {
                sum = (sum ^ UInt64(raw[offset])) &* 0x100_0000_01B3
                offset += 1
            }
        }
        return sum
    }
}
