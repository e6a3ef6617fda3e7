/// Ends the run with the input that broke a property; libFuzzer keeps the input.
func require(_ condition: Bool, _ property: StaticString) {
    guard condition else { fatalError("broken: \(property)") }
}

/// The input of one run.
func input(_ start: UnsafePointer<UInt8>?, _ count: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: start, count: count)
}
