/// What a look at one condition found; the raw value is its character in `facts`.
enum Fact: UInt8 {
    /// It holds.
    case holds = 0x31
    /// It does not hold.
    case fails = 0x30
    /// There is a value, and it cannot be compared.
    case mismatch = 0x21
    /// It was not looked at.
    case unseen = 0x2D

    init(_ holds: Bool) {
        self = holds ? .holds : .fails
    }
}
