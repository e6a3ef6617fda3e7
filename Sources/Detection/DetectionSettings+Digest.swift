import Events

extension DetectionSettings {
    /// 16 hexadecimal digits over every parameter and declaration: the same for equal settings, in every process.
    ///
    /// What detectors had learned under other settings is not what a replay under these would have learned. The digest
    /// (FNV-1a of the values' text) finds changes, not forgeries.
    public var digest: String {
        var text = ""
        for child in Mirror(reflecting: self).children where child.label != "disabled" {
            text += "\(child.label ?? "")="
            Self.describe(child.value, &text)
            text += "\n"
        }
        // A set has another order in each process.
        text += "disabled=\(disabled.map(\.rawValue).sorted())\n"
        var sum: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Digest64(sum).description
    }

    /// Every stored value beneath one, with its name.
    private static func describe(_ value: Any, _ text: inout String) {
        let mirror = Mirror(reflecting: value)
        guard !mirror.children.isEmpty else {
            if let value = value as? String {
                // The length keeps apart what would run together.
                text += "\(value.utf8.count):\(value);"
            } else {
                text += "\(value);"
            }
            return
        }
        for child in mirror.children {
            text += "\(child.label ?? "")="
            describe(child.value, &text)
        }
    }
}
