import Detection
import Testing

@Suite struct SettingsDigestTests {
    @Test func everyParameterAndDeclarationHasAPartInIt() {
        let usual = DetectionSettings()
        var digests = [usual.digest]
        for name in SettingName.all {
            // Of two values one is not the default.
            let values = [name.range.lowerBound, name.range.lowerBound + 1]
            let changed = values.map { value in
                var settings = usual
                #expect(name.set(value, in: &settings))
                return settings.digest
            }
            #expect(changed[0] != changed[1], "\(name.name)")
            digests.append(changed.first { $0 != usual.digest } ?? "")
        }
        let declarations = [
            Declaration(tool: "a", polling: true), Declaration(tool: "a", polling: false),
            Declaration(server: "a", retries: 3),
            Declaration(agent: "a", retries: 3), Declaration(agent: "a", budget: 3),
            Declaration(agent: "a", expectedLoad: 3),
            Declaration(agent: "nil", expectedLoad: 3),
        ]
        for declaration in declarations {
            var settings = usual
            settings.declarations = [declaration]
            digests.append(settings.digest)
        }
        for change in [\DetectionSettings.calmMicroseconds, \.latenessMicroseconds] {
            var settings = usual
            settings[keyPath: change] += 1
            digests.append(settings.digest)
        }
        digests += [usual.only([.loop]).digest, usual.only([.loop, .cap]).digest]
        #expect(Set(digests).count == digests.count)
    }

    @Test func isTheSameForEqualSettings() {
        // Sets are ordered otherwise in each of them.
        let digests = (0..<20).map { _ in
            var settings = DetectionSettings()
            for rule in RuleName.allCases.shuffled() where rule != .loop { settings.disabled.insert(rule) }
            return settings.digest
        }
        #expect(Set(digests).count == 1)
    }
}
