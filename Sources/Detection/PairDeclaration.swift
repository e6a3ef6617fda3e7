/// What was declared about one pair, all declarations taken together.
struct PairDeclaration {
    var polling = PollingDeclaration.undeclared
    var retries: UInt8?
    /// Calls in three hours; 0 where none was declared.
    var budget: UInt32 = 0
    /// How many times the usual load is expected.
    var expected: UInt8 = 1

    init(of name: PairName, in declarations: [Declaration]) {
        for declaration in declarations where declaration.applies(to: name) {
            if let polling = declaration.polling { self.polling = polling ? .declared : .never }
            if let retries = declaration.retries { self.retries = UInt8(clamping: max(0, retries)) }
            if let budget = declaration.budget { self.budget = UInt32(clamping: max(1, budget)) }
            if let load = declaration.expectedLoad { expected = UInt8(clamping: max(1, load)) }
        }
    }
}
