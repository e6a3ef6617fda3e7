extension DetectorSet {
    /// Raised whenever a state's meaning changes; other versions are refused.
    private static let snapshotVersion: UInt32 = 4

    /// Everything the detectors remember, for `init(settings:snapshot:)`: going on from it gives the findings that going on
    /// without a stop would have given.
    public func snapshot() -> [UInt8] {
        var copy = self
        // Names are short; growing by doubling would move what can be dozens of megabytes.
        var coder = SnapshotCoder(capacity: table.pairs.count * (Self.bytesPerPair + 128) + (1 << 16))
        copy.code(&coder)
        var sum = coder.bytes.withUnsafeBytes { SnapshotCoder.checksum($0) }
        coder.value(&sum)
        return coder.bytes
    }

    /// Detectors that go on where a snapshot was taken; nil where it is damaged, or of another build's states.
    ///
    /// Parameters and declarations are those of `settings`, whatever they were when it was taken.
    public init?(settings: DetectionSettings, snapshot: [UInt8]) {
        guard snapshot.count > 8 else { return nil }
        let body = snapshot[..<(snapshot.count - 8)]
        let sum = snapshot.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: body.count, as: UInt64.self) }
        guard sum == body.withUnsafeBytes({ SnapshotCoder.checksum($0) }) else { return nil }
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
        var all = [everyone]
        coder.raw(&all)
        guard all.count == 1 else { return coder.refuse() }
        everyone = all[0]
        coder.value(&now)
        coder.value(&watchedSince)
        coder.value(&hour)
        coder.strings(&logs)
        coder.value(&lastLog)
        coder.value(&lateCalls)
    }
}
