import StrictJSON

extension ConfigurationReader {
    /// A value that is written out, or stands in a variable (`env:NAME`) or a file (`file:PATH`).
    ///
    /// One line break at a file's end is an editor's, not the secret's.
    mutating func secret(_ place: Place, _ what: String) -> Secret? {
        guard let text = tree.string(place.node) else {
            refuse(
                .wrongType, place, found: describeKind(place.node),
                expected: "\(what), \"env:VARIABLE\" or \"file:PATH\"")
            return nil
        }
        var value = text
        if text.hasPrefix("env:") {
            let name = String(text.dropFirst(4))
            guard let found = surroundings.variable(name) else {
                refuse(
                    .notFound, place, found: "the variable \(name), which is not set",
                    expected: "a variable of the gateway's environment")
                return nil
            }
            value = found
        } else if text.hasPrefix("file:") {
            let path = ConfigurationPath.absolute(String(text.dropFirst(5)), in: surroundings.folder)
            guard let bytes = secretFile(path, place) else { return nil }
            guard let found = String(validating: bytes, as: UTF8.self) else {
                refuse(.outOfRange, place, found: "a file that is not UTF-8", expected: what)
                return nil
            }
            value = found
            if value.hasSuffix("\r\n") || value.hasSuffix("\n") { value.removeLast() }
        }
        let isClean = value.unicodeScalars.allSatisfy { $0 == "\t" || $0.properties.generalCategory != .control }
        guard !value.isEmpty, isClean, value.utf8.count <= ConfigurationFields.maximumValueBytes else {
            refuse(
                .outOfRange, place, found: "a value that is empty, too long or has control characters",
                expected: "\(what) of 1 to \(ConfigurationFields.maximumValueBytes) bytes")
            return nil
        }
        return Secret(value)
    }

    /// The bytes of a file that nobody but its owner can read.
    mutating func secretFile(_ path: String, _ place: Place) -> [UInt8]? {
        switch contents(of: path) {
        case .failure(let error):
            refuse(
                .notFound, place, found: "\(path), which cannot be read (\(error.words))", expected: "a file, mode 0600"
            )
            return nil
        case .success(let contents):
            guard !contents.isExposed else {
                refuse(
                    .exposed, place, found: "\(path), which others can read", expected: "mode 0600 (chmod 600 \(path))")
                return nil
            }
            return contents.bytes
        }
    }

    /// A file of certificates, which has at least one.
    mutating func pemFile(_ place: Place) -> String? {
        guard let path = path(place) else { return nil }
        return pemFile(path, place)
    }

    /// The same of a path that is part of a longer text.
    mutating func pemFile(_ path: String, _ place: Place) -> String? {
        let path = ConfigurationPath.absolute(path, in: surroundings.folder)
        switch contents(of: path) {
        case .failure(let error):
            refuse(.notFound, place, found: "\(path), which cannot be read (\(error.words))", expected: "a PEM file")
            return nil
        case .success(let contents):
            guard String(decoding: contents.bytes, as: UTF8.self).contains("-----BEGIN CERTIFICATE-----") else {
                refuse(.outOfRange, place, found: "\(path), which has no certificate", expected: "a PEM file")
                return nil
            }
            return path
        }
    }
}
