import Events

/// What a call counts for in risk-weighted calls: how much of a day one call of a class can spoil, in calls that read.
///
/// A convention, told in the report's definitions; it ranks, and measures nothing.
enum RiskWeight {
    static func of(_ risk: Risk?) -> Int {
        switch risk {
        case .read: 1
        case .unknown, nil: 2
        case .write: 3
        case .execute: 10
        case .destructive, .financial: 20
        }
    }
}
