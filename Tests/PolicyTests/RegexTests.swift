import Foundation
import Policy
import Testing

/// Patterns: what they match, what is refused, and that no pattern takes long.
struct RegexTests {
    @Test(
        arguments: [
            ("", ["", "x"], []), ("abc", ["abc", "xabcx"], ["ab", "acb", ""]), ("^abc$", ["abc"], ["abcd", "xabc"]),
            ("a|b", ["a", "xb"], ["c", ""]), ("a||b", ["", "c"], []), ("ab*c", ["ac", "abbbc"], ["ab"]),
            ("ab+c", ["abc", "abbc"], ["ac"]), ("ab?c", ["ac", "abc"], ["abbc"]), ("a{3}", ["aaa", "aaaa"], ["aa"]),
            ("^a{2,3}$", ["aa", "aaa"], ["a", "aaaa"]), ("^a{2,}$", ["aa", "aaaaa"], ["a"]), ("^a{0}$", [""], ["a"]),
            ("a{,2}", ["a{,2}"], ["aa"]), ("a{x}", ["a{x}"], ["a"]), ("{", ["{"], ["a"]), ("x}", ["x}"], ["x"]),
            ("^(ab)+$", ["ab", "abab"], ["aba", ""]), ("^(?:a|bc)*$", ["", "abca"], ["b"]),
            ("(a*)*b", ["b", "aab"], ["aa"]),
            ("^(?P<n>x)(?<m>y)$", ["xy"], ["x"]), ("^.$", ["a", "é", "\u{1F600}", "\r"], ["", "\n", "ab"]),
            ("(?s)^.$", ["\n"], ["ab"]), ("^[a-c]$", ["a", "b", "c"], ["d", "-"]), ("^[a-zm]$", ["a", "z"], ["-"]),
            ("^[^a-c]$", ["d", "\n", "é"], ["a"]),
            ("^[a-]$", ["a", "-"], ["b"]), ("^[]a]$", ["]", "a"], ["b"]), ("^[^]a]$", ["b"], ["]", "a"]),
            (#"^[\d_]$"#, ["1", "_"], ["a"]), (#"^[\]\\]$"#, ["]", "\\"], ["["]),
            ("^[[:alpha:]-]$", ["x", "-"], ["1"]),
            ("^[[:^digit:]]$", ["x"], ["1"]), (#"^\d\D\w\W\s\S$"#, ["1xy \tz"], ["1xy  "]), (#"\."#, ["."], ["a"]),
            (#"^\x41\x{1F600}\t$"#, ["A\u{1F600}\t"], ["A"]),
            (#"\bDROP\b"#, ["DROP", "a DROP;", "x\nDROP"], ["DROPS", "XDROP", "_DROP"]),
            (#"\Boo"#, ["foo"], ["oo", " oo"]), (#"^\b"#, ["a"], ["", " a"]), (#"\b$"#, ["a", " a"], ["", "a "]),
            (#"\B"#, ["", "ab", "  "], ["a"]),
            (#"\Aab\z"#, ["ab"], ["abc", "cab"]), ("(?i)prod", ["PROD", "xProdx"], ["pro"]),
            ("(?i:A)b", ["ab", "Ab"], ["aB"]),
            ("(?i)a(?-i)b", ["Ab"], ["AB"]), ("((?i)a)b", ["Ab"], ["AB"]), ("(?i)[k-m]", ["\u{212A}", "L"], ["n"]),
            ("(?i)straße", ["STRAẞE"], ["strasse"]),
            ("(?i)ς", ["Σ", "σ"], ["s"]), ("(?i)[^a]", ["b"], ["A", "a"]), ("^größe$", ["größe"], ["groesse"]),
            ("a*?b", ["b", "aab"], ["a"]), ("^a??$", ["", "a"], ["aa"]), ("a^b", [], ["ab", "a^b"]),
            ("(^|,)x(,|$)", ["x", "a,x", "x,b"], ["ax", "xb"]),
            ("$^", [""], ["a"]), ("x*$", ["", "a", "x"], []),
            (#"^/(srv|tmp)/[^/.][^/]*$"#, ["/srv/a", "/tmp/b.c"], ["/srv/../etc", "/etc/x", "/srv/"]),
            (#"-- "#, ["x -- y"], ["--"]), ("(|a)+", ["", "b"], []),
            ("^(a|b)?c{1,2}d*$", ["acc", "bcd", "c"], ["abc", "accc"]),
        ] as [(String, [String], [String])])
    func patternsMatchWhatRE2Matches(_ pattern: String, _ matching: [String], _ others: [String]) throws {
        let regex = try LinearRegex(pattern)
        for text in matching { #expect(regex.matches(text), "\(pattern) on \(text.debugDescription)") }
        for text in others { #expect(!regex.matches(text), "\(pattern) on \(text.debugDescription)") }
    }

    @Test(arguments: [
        ("(", 0, "never closed"), ("a)b", 1, "closes nothing"), ("[a", 0, "never closed"), ("a[^", 1, "never closed"),
        ("*a", 0, "nothing to repeat"), ("a|*", 2, "nothing to repeat"), ("{2}", 0, "nothing to repeat"),
        ("a**", 2, "use a group"),
        ("a{2}{3}", 4, "use a group"), ("a++", 2, "possessive"), ("a{3,2}", 1, "reversed"), ("a{1001}", 1, "1000"),
        ("x(?=y)", 1, "look-ahead"), ("(?!y)", 0, "look-ahead"), ("(?<=y)x", 0, "look-behind"),
        ("(?<!y)x", 0, "look-behind"),
        ("(?>y)", 0, "atomic"), (#"(a)\1"#, 3, "back-reference"), (#"\k<n>"#, 0, "back-reference"),
        ("(?m)^a", 0, "flag m"),
        ("(?U)a", 0, "flag U"), ("(?q)", 0, "unknown group"), ("(?P=n)", 0, "unknown group"),
        ("(?P<>a)", 0, "group name"), (#"é\p{L}"#, 2, "Unicode classes"),
        (#"\0"#, 0, "octal"), (#"a\"#, 1, "backslash at the end"), (#"\xZZ"#, 0, "no Unicode scalar"),
        (#"\x{110000}"#, 0, "no Unicode scalar"),
        (#"\x{D800}"#, 0, "no Unicode scalar"), (#"\x4"#, 0, "two digits"), ("[z-a]", 1, "reversed"),
        (#"[a-\d]"#, 1, "ends in a class"),
        ("[[:nope:]]", 1, "class name"), (#"\Q"#, 0, "unknown escape"), (#"\Z"#, 0, "no meaning"),
        (#"[\b]"#, 1, "no meaning"),
        ("((a{100}){100}){100}", 0, "positions"), ("a{600}", 0, "positions"), ("((){1000}){1000}", 0, "too large"),
        ("(.*?,){100}P", 0, "under way at once"), ("(a{0,30}){16}b", 0, "under way at once"),
    ]) func whatCannotBeUsedIsRefusedWithItsPlace(_ pattern: String, _ offset: Int, _ reason: String) {
        let error = #expect(throws: RegexError.self) { try LinearRegex(pattern) }
        #expect(error?.offset == offset, "\(pattern): \(error?.description ?? "")")
        #expect(error?.reason.contains(reason) == true, "\(pattern): \(error?.description ?? "")")
    }

    /// Positions are bits of one, two, four or eight machine words; nothing is lost between two of them.
    @Test(arguments: [1, 2, 63, 64, 65, 127, 128, 129, 191, 192, 193, 255, 256, 257, 320, 511, 512])
    func longPatternsWorkAcrossMachineWords(_ count: Int) throws {
        let alphabet = "abcdefghijklmnopqrstuvwxyz".map { String($0) }
        let letters = (0..<count).map { place in alphabet[(place * 7 + place / 26) % 26] }
        let text = letters.joined()
        for pattern in ["^\(text)$", "^[\(letters[0])]\(text.dropFirst())$"] {
            let regex = try LinearRegex(pattern)
            #expect(regex.matches(text))
            #expect(!regex.matches(String(text.dropLast())) && !regex.matches(text + "a"))
            for place in Set([0, count / 2, count - 1, min(63, count - 1), min(64, count - 1)]) {
                var wrong = letters
                wrong[place] = "_"
                #expect(!regex.matches(wrong.joined()), "\(place)")
            }
        }
        let counted = try LinearRegex("^a{\(count)}$")
        #expect(
            [count - 1, count, count + 1].map { counted.matches(String(repeating: "a", count: $0)) } == [
                false, true, false,
            ])
        guard count > 4, count <= 256 else { return }
        // Optional and repeated parts, whose ways do not go to the neighbour alone.
        let branching = try LinearRegex("^(?:\(text.prefix(count - 2))x?)+y$")
        let part = String(text.prefix(count - 2))
        #expect(branching.matches(part + "x" + part + part + "y"))
        #expect(!branching.matches(part + "xx" + part + "y") && !branching.matches(part + part.dropLast() + "y"))
    }

    @Test func patternsAreBounded() throws {
        _ = try LinearRegex(String(repeating: "a", count: 512))
        #expect(throws: RegexError.self) { try LinearRegex(String(repeating: "a", count: 513)) }
        #expect(throws: RegexError.self) { try LinearRegex(String(repeating: "|", count: 1025)) }
        #expect(throws: RegexError.self) {
            try LinearRegex(String(repeating: "(", count: 500) + String(repeating: ")", count: 500))
        }
        _ = try LinearRegex(String(repeating: "(", count: 99) + String(repeating: ")", count: 99))
    }

    @Test(arguments: HostilePatterns.usable)
    func hostilePatternsTakeTimeLinearInTheText(_ pattern: String, _ unit: String) throws {
        let regex = try LinearRegex(pattern)
        func seconds(_ count: Int) -> Double {
            let text = String(repeating: unit, count: count / unit.utf8.count) + "!"
            let start = cpuSeconds()
            #expect(!regex.matches(text))
            return cpuSeconds() - start
        }
        let small = (0..<3).map { _ in seconds(1 << 8) }.min() ?? 0
        let large = (0..<3).map { _ in seconds(1 << 11) }.min() ?? 0
        // Eight times the text: a quadratic engine takes 64 times as long, an exponential one forever.
        #expect(large < 32 * max(small, 0.000_1), "\(small) s for 256 bytes, \(large) s for 2 KiB")
    }

    /// A mebibyte takes milliseconds where the code is optimized (`Benchmarks/Measure` says how many); here it is not.
    @Test(arguments: HostilePatterns.usable)
    func aHostilePatternComesToAnEndOnAMebibyte(_ pattern: String, _ unit: String) throws {
        let text = String(repeating: unit, count: (1 << 20) / unit.utf8.count) + "!"
        let start = cpuSeconds()
        #expect(try !LinearRegex(pattern).matches(text))
        let spent = cpuSeconds() - start
        #expect(spent < 10, "\(pattern): \(spent) s")
    }

    /// What would take too long for each letter, or too much memory, is refused, and that quickly.
    @Test(arguments: HostilePatterns.refused)
    func aPatternThatGrowsTooLargeIsRefusedAtOnce(_ pattern: String, _ reason: String) {
        let start = cpuSeconds()
        let error = #expect(throws: RegexError.self) { try LinearRegex(pattern) }
        #expect(error?.reason.contains(reason) == true, "\(pattern): \(error?.description ?? "")")
        let spent = cpuSeconds() - start
        #expect(spent < 1, "\(pattern): \(spent) s")
        // A policy that has it is refused whole, with the reason.
        let found = problems(
            documentText(
                tool: #"{"deny_if":[{"conditions":[{"path":"args.a","op":"regex","value":"\#(escaped(pattern))"}]}]}"#))
        #expect(found.map(\.code) == [.badPattern] && found.first?.expected.contains(reason) == true)
    }

    private func escaped(_ pattern: String) -> String {
        pattern.replacingOccurrences(of: "\\", with: "\\\\")
    }

    /// Random patterns against the platform's own engine, on texts where the two dialects agree.
    @Test(arguments: seeds(6)) func randomPatternsAgreeWithAnotherEngine(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<60 {
            let pattern = Self.randomPattern(&random, depth: 3)
            // What is optional at the end changes no answer, and moves the rest into other machine words.
            let end = ["", "(?:q{70})?", "(?:q{150})?"].randomElement(using: &random) ?? ""
            let regex = try LinearRegex("(?:\(pattern))\(end)")
            let other = try NSRegularExpression(pattern: pattern)
            for _ in 0..<12 {
                let text = String(
                    (0..<Int.random(in: 0...8, using: &random)).map { _ in "abc_ -".randomElement(using: &random) ?? "a"
                    })
                let range = NSRange(location: 0, length: text.utf16.count)
                let expected = other.firstMatch(in: text, range: range) != nil
                try #require(regex.matches(text) == expected, "seed \(seed): \(pattern) on \(text.debugDescription)")
            }
        }
    }

    private static func randomPattern(_ random: inout SeededGenerator, depth: Int) -> String {
        let atoms = ["a", "b", "c", "_", ".", "[ab]", "[^a]", #"\w"#, #"\s"#, "^", "$", #"\b"#, #"\B"#, "-"]
        guard depth > 0 else { return atoms.randomElement(using: &random) ?? "a" }
        switch Int.random(in: 0..<8, using: &random) {
        case 0, 1, 2:
            return (0..<Int.random(in: 1...3, using: &random)).map { _ in randomPattern(&random, depth: depth - 1) }
                .joined()
        case 3: return "(?:\(randomPattern(&random, depth: depth - 1))|\(randomPattern(&random, depth: depth - 1)))"
        case 4: return "(\(randomPattern(&random, depth: depth - 1)))*"
        case 5: return "(?:\(randomPattern(&random, depth: depth - 1)))+"
        case 6: return "(?:\(randomPattern(&random, depth: depth - 1))){0,2}"
        default: return atoms.randomElement(using: &random) ?? "a"
        }
    }
}

/// Seconds that this thread has computed.
private func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
