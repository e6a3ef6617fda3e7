/// A dictionary row's key as bytes: its columns' texts, after each a byte that UTF-8 does not have.
struct NameKey {
    private var storage: [UInt8] = []

    /// Between a key's parts.
    private static let separator: UInt8 = 0xFF

    init() {
        storage.reserveCapacity(4096)
    }

    /// The key of a row's columns.
    init(_ columns: [Dimension.Value]) {
        for column in columns {
            switch column {
            case .text(let text): storage.append(contentsOf: text.utf8)
            case .number(let number): storage.append(contentsOf: String(number).utf8)
            }
            storage.append(NameKey.separator)
        }
    }

    /// How many bytes it has.
    var count: Int { storage.count }

    /// Forgets all parts but not its memory.
    @inline(__always)
    mutating func clear() {
        storage.removeAll(keepingCapacity: true)
    }

    /// Adds a part.
    mutating func add(_ text: String) {
        storage.append(contentsOf: text.utf8)
        storage.append(NameKey.separator)
    }

    /// Adds a part as its bytes stand in a line.
    @inline(__always)
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        storage.append(contentsOf: bytes)
        storage.append(NameKey.separator)
    }

    /// Reads the key's bytes.
    @inline(__always)
    func withBytes<Answer>(_ body: (UnsafeRawBufferPointer) -> Answer) -> Answer {
        storage.withUnsafeBytes(body)
    }
}
