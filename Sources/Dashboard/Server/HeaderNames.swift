import HTTPTypes

extension HTTPFields {
    /// The value of a header without a constant of its own; nil where it is not there.
    func value(_ name: String) -> String? {
        HTTPField.Name(name).flatMap { self[$0] }
    }

    /// Sets a header without a constant of its own.
    mutating func set(_ name: String, _ value: String) {
        guard let name = HTTPField.Name(name) else { return }
        self[name] = value
    }
}
