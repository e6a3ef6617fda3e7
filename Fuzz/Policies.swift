import Events
import Policy
import StrictJSON

/// Reads a policy document; what is accepted is made ready and decides a call.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPolicies(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(input(start, count))
    let reading = PolicyDocument.read(bytes)
    require((reading.document == nil) == !reading.errors.isEmpty, "a document is read, or refused with errors")
    for problem in reading.errors + reading.warnings { check(problem, in: bytes) }
    require(reading.errors.allSatisfy { $0.severity == .error }, "errors are errors")
    require(reading.warnings.allSatisfy { $0.severity == .warning }, "warnings are none")
    guard let document = reading.document else { return 0 }

    let form = document.normalForm
    let again = PolicyDocument.read(form)
    require(again.dialect == .normal, "the normal form is of the dialect of that name")
    guard let second = again.document else {
        require(false, "the normal form is read")
        return 0
    }
    require(second == document && second.normalForm == form, "the normal form reads back as itself")
    // Documents are equal by their normal forms: what those would lose is looked for field by field.
    require(fields(of: second) == fields(of: document), "the normal form says all that the document says")

    // Both, made ready, decide alike whatever they are asked.
    let policies = [document, second].map { CompiledPolicy($0, name: "p", digest: Digest64(1)) }
    for tool in document.tools.prefix(8).map(\.name) + document.hide.prefix(2) + ["", "no such tool"] {
        require(policies[0].standing(ofTool: tool) == policies[1].standing(ofTool: tool), "they hide and list alike")
        require(policies[0].ruleIDs(ofTool: tool) == policies[1].ruleIDs(ofTool: tool), "their rules have the same ids")
        for arguments in calls {
            let verdicts = policies.map { policy in
                var counters = LimitCounters()
                let call = Call(
                    tool: tool, arguments: arguments.root, in: arguments,
                    caller: Caller(agent: "a", grant: "g", session: nil, server: "s"))
                return policy.decide(call, counters: &counters, now: Timestamp(microseconds: 1_795_368_960_000_000))
            }
            require(verdicts[0] == verdicts[1], "they decide alike")
        }
    }
    return 0
}

/// Everything that a document says, as the reader understood it.
private func fields(of document: PolicyDocument) -> [String] {
    func rules(_ rules: ToolRules) -> [String] {
        let limits = rules.limits.map {
            "\($0.id) \($0.counter) \($0.windowSeconds) \($0.maximum) \($0.scope.rawValue) "
                + "\(words(of: $0.increment)) \($0.algorithm.rawValue)"
        }
        let conditions = [("require", rules.require), ("deny_if", rules.denyIf)].flatMap { kind, list in
            list.flatMap { rule in
                ["\(kind) \(rule.id) \(rule.name ?? "-") \(rule.onDeny ?? "-")"]
                    + rule.conditions.map { "\($0.path) \($0.op.rawValue) \(words(of: $0.value))" }
            }
        }
        let more = [
            rules.record.map(\.text).joined(separator: " "), rules.risk?.rawValue ?? "-", rules.mode?.rawValue ?? "-",
            rules.approval.map { "\($0.timeoutSeconds) \($0.onTimeout.rawValue) \($0.reason ?? "-")" } ?? "-",
        ]
        return limits + conditions + more
    }
    let brake = document.brake.map { "\($0.on) \($0.action.rawValue) \($0.cooldownSeconds)" } ?? "-"
    return ["\(document.byDefault.rawValue) \(document.mode.rawValue) \(brake)"] + document.hide
        + rules(document.allTools)
        + document.tools.flatMap { [$0.name] + rules($0.rules) }
}

private func words(of increment: LimitRule.Increment) -> String {
    switch increment {
    case .constant(let count): "\(count)"
    case .from(let path): path.text
    }
}

private func words(of value: ConditionValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let flag): flag ? "true" : "false"
    case .number(let number): number.description
    case .string(let text): "'\(text)'"
    case .array(let values): "[\(values.map(words).joined(separator: ","))]"
    case .object(let members): "{\(members.map { "\($0.key):\(words(of: $0.value))" }.joined(separator: ","))}"
    }
}

/// Arguments that the seeds' rules look at, of all kinds.
private let calls: [JSONTree] = [
    "{}", "[]", #"{"a":1,"amount":20000,"reason":"x","l":[1,{"k":"x"}],"c":{"d":null}}"#,
    #"{"a":"1","A":2,"amount":"20000","n":-1,"x":"aaaaaaaaaaaaaaaaaaaaaaaaaaaa!"}"#,
    #"{"a":[1,"x",null],"amount":1e999,"n":1.5,"currency":"EUR","region":"eu-west-1"}"#,
].compactMap { try? JSONTree(parsing: Array($0.utf8)) }

/// A problem has a place: a pointer as RFC 6901 has it, a line and a column of the text.
private func check(_ problem: PolicyProblem, in bytes: [UInt8]) {
    let pointer = Array(problem.pointer.utf8)
    require(pointer.isEmpty || pointer.first == 0x2F, "a pointer is empty or begins with a slash")
    for (index, byte) in pointer.enumerated() where byte == 0x7E {
        let next = index + 1 < pointer.count ? pointer[index + 1] : 0
        require(next == 0x30 || next == 0x31, "a tilde in a pointer is escaped")
    }
    let lines = 1 + bytes.count { $0 == 0x0A }
    require((1...lines).contains(problem.line), "the line is one of the text")
    require((1...bytes.count + 1).contains(problem.column), "the column is one of the text")
    require(!problem.expected.isEmpty && !problem.found.isEmpty, "it says what was found and expected")
    require(problem.found.utf8.count <= 1024, "it shows no more than a bit of the document")
}
