import StrictJSON

extension ConfigurationReader {
    /// Reads the warehouse's file, or an object of it and of how long the warehouse keeps what.
    mutating func readWarehouse(_ place: Place, into result: inout ServeConfiguration) {
        guard tree.kind(place.node) == .object else {
            if let path = path(place) { result.warehouse = path }
            return
        }
        guard let fields = fields(place, known: ConfigurationFields.warehouse) else { return }
        if let place = fields["file"], let path = path(place) { result.warehouse = path }
        guard let place = fields["keep"], let ages = self.fields(place, known: ConfigurationFields.warehouseKeep)
        else { return }
        let before = problemCount
        let bounds = ConfigurationFields.days
        let what = "an age in days such as \"90d\", from 1d to \(bounds.upperBound)d"
        for (name, place) in ages {
            result.warehouseKeep[name] = string(place, what) { text in
                guard text.last == "d", text.utf8.dropLast().allSatisfy({ (0x30...0x39).contains($0) }),
                    let days = Int(text.dropLast()), bounds.contains(days)
                else { return nil }
                return days
            }
        }
        guard problemCount == before else { return }
        // A report's edges are read from the finer kind, and a call that ends late moves from one sum to another.
        for (sum, part) in [("hours", "calls"), ("hours", "requests"), ("days", "hours")] {
            guard let age = result.warehouseKeep[sum], let place = ages[sum] else { continue }
            let least = result.warehouseKeep[part]
            guard age < least ?? .max else { continue }
            refuse(
                .contradiction, place,
                expected: least.map { "\"\($0)d\" or more: sums outlive \"\(part)\"" }
                    ?? "an age for \"\(part)\" too, which are kept for ever: sums outlive them")
        }
    }
}
