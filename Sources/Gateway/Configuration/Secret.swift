/// A text that nobody may see: printed, interpolated or dumped, it says `<secret>`.
public struct Secret: Sendable, Equatable {
    /// The text itself, for the one place that sends it.
    public let value: String

    /// Wraps a text.
    public init(_ value: String) {
        self.value = value
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `<secret>`, whatever the value.
    public var description: String { "<secret>" }
    /// `<secret>`, whatever the value.
    public var debugDescription: String { "<secret>" }
    /// Without children, so that `dump` shows none.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
