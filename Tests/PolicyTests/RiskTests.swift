import Events
import Policy
import Testing

/// Names of real servers' tools and their classes.
struct RiskTests {
    @Test(arguments: Risk.allCases) func realNamesGetTheirClass(_ risk: Risk) {
        let names = RiskNames.all.filter { $0.risk == risk }
        #expect(names.count >= 8)
        for (server, tool, risk) in names {
            let found = RiskClassifier.classify(tool: tool)
            #expect(found.risk == risk, "\(server): \(tool): \(found.why)")
            #expect(!found.why.isEmpty)
        }
    }

    @Test func aThingInFrontIsNoVerb() {
        for (tool, risk) in RiskNames.thingsFirst {
            let found = RiskClassifier.classify(tool: tool)
            #expect(found.risk == risk, "\(tool): \(found.why)")
        }
    }

    /// What is known to be classed wrongly is classed too high, never too low.
    @Test func namesThatSayTooMuchAreClassedTooHigh() {
        for (tool, risk) in RiskNames.classedTooHigh {
            #expect(RiskClassifier.classify(tool: tool).risk == risk, "\(tool)")
            #expect(risk != .read)
        }
    }

    /// The table is of the servers of our own end-to-end tests and of those that most people run.
    @Test func theTableIsLargeEnoughToMeanSomething() {
        #expect(Set(RiskNames.all.map(\.tool)).count >= 400)
        #expect(Set(RiskNames.all.map(\.risk)) == Set(Risk.allCases))
        #expect(RiskNames.all.contains { $0.tool == "build_and_push_image_to_ecr" && $0.risk == .execute })
    }

    @Test func namesWithoutAWordAreUnknown() {
        for name in ["", " ", "-", "\u{301}"] { #expect(RiskClassifier.classify(tool: name).risk == .unknown) }
    }

    @Test func annotationsRaiseAClassAndNeverLowerIt() {
        func risk(_ name: String, readOnly: Bool? = nil, destructive: Bool? = nil) -> Risk {
            RiskClassifier.classify(tool: name, annotations: .init(readOnly: readOnly, destructive: destructive)).risk
        }
        #expect(risk("git_reset", readOnly: false, destructive: true) == .destructive)
        #expect(risk("git_status", readOnly: false) == .write)
        #expect(risk("git_status", readOnly: true, destructive: false) == .read)
        #expect(risk("delete_app", readOnly: true, destructive: false) == .destructive)
        #expect(risk("create_charge", readOnly: true) == .financial)
        #expect(risk("create_charge", destructive: true) == .financial)
        #expect(risk("frobnicate", readOnly: true, destructive: false) == .unknown)
        #expect(risk("build_and_push_image_to_ecr", readOnly: true) == .execute)
    }

    /// Whatever a server says of a tool, it is never classed lower for it.
    @Test func noHintLowersTheClassOfAnyName() {
        let hints: [Bool?] = [nil, false, true]
        func rank(_ risk: Risk) -> Int {
            switch risk {
            case .read: 0
            case .write: 1
            case .execute, .unknown: 2
            case .destructive, .financial: 3
            }
        }
        for (_, tool, _) in RiskNames.all {
            let plain = RiskClassifier.classify(tool: tool).risk
            for readOnly in hints {
                for destructive in hints {
                    let hinted = RiskClassifier.classify(
                        tool: tool, annotations: .init(readOnly: readOnly, destructive: destructive)
                    ).risk
                    #expect(rank(hinted) >= rank(plain), "\(tool)")
                    if destructive == true { #expect(rank(hinted) == 3, "\(tool)") }
                    if readOnly == false { #expect(hinted != .read, "\(tool)") }
                }
            }
        }
    }

    @Test func thePolicyRaisesAndLowersTheClass() throws {
        let policy = try policy(
            """
            {"version":"1","default":"deny","tools":{
              "delete_draft":{"risk":"write"},"get_secret":{"risk":"destructive"},"git_status":{}}}
            """)
        func risk(_ tool: String) -> Risk {
            policy.profile(ofTool: tool, found: RiskClassifier.classify(tool: tool).risk).risk
        }
        #expect(risk("delete_draft") == .write)
        #expect(risk("get_secret") == .destructive)
        #expect(risk("git_status") == .read)
        #expect(risk("delete_app") == .destructive)
    }
}
