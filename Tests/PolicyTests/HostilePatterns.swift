/// Patterns that take a backtracking engine longer than the universe has existed, or more memory than there is.
enum HostilePatterns {
    /// Each with what to repeat so that it does not match, and no run of one letter can be passed over.
    static let usable: [(pattern: String, unit: String)] = [
        ("^(a+)+$", "aa-"), ("(a|aa)+$", "ab"), ("(a|a)*b", "ac"), ("(.*)*x", "ab"), ("(x+x+)+y", "xxz"),
        ("(a?){50}a{50}b", "ac"), ("^(([a-z])+.)+[A-Z]([a-z])+$", "ab"), ("(.*a){20}b", "ac"),
        ("[ab]*a[ab]{100}c", "ab"), ("(.*?,){40}P", "a,"), ("((a*)*)*b", "ac"), ("(a{0,30}){4}b", "ac"),
        ("(?i)(a|b|ab)*c", "aB"), (#"(\ba+)+\bb"#, "a "),
        // Of OWASP's page about the attack, and of incidents.
        (
            "^([a-zA-Z0-9])(([-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$",
            "a_a"
        ),
        (#"^(([a-z])+\.)+[A-Z]([a-z])+$"#, "ab."), (#"^\s+|\s+$x"#, "a  "), (#"(?:\w+\s?)*:$"#, "ab "),
        (#"x*x*x*x*x*x*x*x*x*x*y"#, "xz"), (#".*.*=.*;"#, "x=x"), (#"^(\d+)*\.(\d+)*e$"#, "12."),
        ("(a{1,5}){1,20}b", "aac"), ("([^x]*x){30}y", "xa"), ("(?s)(.+)+(.+)+\\x00", "ab"),
        ("^(?:(?:a|b)+(?:b|a)*)+c", "ab"), ("(é|e|ée)+z", "ée"),
    ]

    /// Each with a word of the reason why it is refused.
    static let refused: [(pattern: String, reason: String)] = [
        ("((a{100}){100}){100}", "positions"), ("a{600}", "positions"), ("(a{30}){30}", "positions"),
        ("((){1000}){1000}", "too large"), ("(((((a?){10}){10}){10}){10}){10}", "positions"),
        ("(.*?,){100}P", "under way at once"), ("(a{0,30}){16}b", "under way at once"), ("a{1001}", "1000"),
        ("(?=(a+)+)b", "look-ahead"), (#"(a*)\1+b"#, "back-reference"), ("(?>a+)+b", "atomic"),
        ("(a++)+b", "possessive"),
    ]
}
