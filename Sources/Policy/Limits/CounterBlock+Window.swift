/// What a window holds, and when it holds less.
extension CounterBlock {
    /// Drops what has left the window at a moment, in microseconds.
    func settle(at now: Int64) {
        switch shape {
        case .ring, .costRing: settleRing(at: now)
        case .subWindows: settleSubWindows(at: now)
        case .fixed:
            let number = now.floored(by: window)
            guard self[0] != number else { return }
            self[0] = number
            setUsed(0)
        }
    }

    /// Counts a cost; the counter is settled.
    ///
    /// - Returns: false where a ring is full: the counter has to be given a larger block first.
    func add(_ cost: Int64, at now: Int64) -> Bool {
        switch shape {
        case .ring, .costRing:
            guard count < capacity else { return false }
            let slot = entry(count)
            self[slot] = now
            if shape == .costRing { self[slot + 1] = cost }
            setRing(count: count + 1, head: head)
        case .subWindows:
            addToSubWindow(cost, at: now)
        case .fixed: break
        }
        setUsed(used.adding(cost))
        return true
    }

    /// Takes back a cost counted at a moment, if that is still inside the settled window.
    func giveBack(_ cost: Int64, countedAt time: Int64) {
        switch shape {
        case .ring, .costRing:
            // The newest of equal entries: which of them makes no difference.
            guard let index = (0..<count).last(where: { self[entry($0)] == time && self.cost(of: $0) == cost }) else {
                return
            }
            remove(index)
        case .subWindows:
            let number = time.floored(by: subWindow)
            guard number <= self[0], self[0] - number <= CounterBlock.subWindows else { return }
            let slot = self.slot(number)
            guard self[slot] >= cost else { return }
            self[slot] -= cost
        case .fixed:
            guard time.floored(by: window) == self[0], used >= cost else { return }
        }
        setUsed(used - cost)
    }

    /// The first moment at which at least `excess` of what the settled window holds has left it.
    func freed(_ excess: Int64) -> Int64 {
        var rest = excess
        switch shape {
        case .ring, .costRing:
            for index in 0..<count {
                rest -= cost(of: index)
                if rest <= 0 { return self[entry(index)] + window }
            }
        case .subWindows:
            let newest = self[0]
            for number in (newest - CounterBlock.subWindows)...newest {
                rest -= self[slot(number)]
                if rest <= 0 { return lastMoment(number) + window }
            }
        case .fixed:
            return (self[0] + 1) * window
        }
        return .max
    }

    /// Whether the window is empty at a moment, so that the counter can be forgotten.
    func isEmpty(at now: Int64) -> Bool {
        switch shape {
        case .ring, .costRing: count == 0 || self[entry(count - 1)] <= now - window
        case .subWindows: self[0] == .min || lastMoment(self[0]) <= now - window
        case .fixed: self[0] != now.floored(by: window)
        }
    }

    // MARK: Rings

    /// Where an entry stands, counted from the oldest.
    func entry(_ index: Int) -> Int {
        let place = head + index
        let wrapped = place < capacity ? place : place - capacity
        return shape == .costRing ? 2 * wrapped : wrapped
    }

    func cost(of index: Int) -> Int64 {
        // All entries of a plain ring cost the same, and their sum is kept.
        shape == .costRing ? self[entry(index) + 1] : used / Int64(count)
    }

    private func settleRing(at now: Int64) {
        var left: Int64 = 0
        var gone = 0
        while gone < count, self[entry(gone)] <= now - window {
            left += cost(of: gone)
            gone += 1
        }
        guard gone > 0 else { return }
        let next = head + gone
        setUsed(used - left)
        setRing(count: count - gone, head: next < capacity ? next : next - capacity)
    }

    private func remove(_ index: Int) {
        for later in index..<(count - 1) {
            self[entry(later)] = self[entry(later + 1)]
            if shape == .costRing { self[entry(later) + 1] = self[entry(later + 1) + 1] }
        }
        setRing(count: count - 1, head: head)
    }

    // MARK: Sub-windows

    private func slot(_ number: Int64) -> Int {
        1 + Int(number - number.floored(by: CounterBlock.subWindows + 1) * (CounterBlock.subWindows + 1))
    }

    /// The last moment of a sub-window.
    private func lastMoment(_ number: Int64) -> Int64 {
        (number + 1) * subWindow - 1
    }

    /// Empties all sub-windows.
    func clearSubWindows(at now: Int64) {
        self[0] = now.floored(by: subWindow)
        for slot in 1...Int(CounterBlock.subWindows) + 1 { self[slot] = 0 }
    }

    private func settleSubWindows(at now: Int64) {
        let newest = now.floored(by: subWindow)
        if self[0] == .min || newest - self[0] > CounterBlock.subWindows {
            clearSubWindows(at: now)
            setUsed(0)
            return
        }
        var left: Int64 = 0
        while self[0] < newest {
            self[0] += 1
            let slot = slot(self[0])
            left += self[slot]
            self[slot] = 0
        }
        // The oldest of 65 may have left already.
        let oldest = newest - CounterBlock.subWindows
        if lastMoment(oldest) <= now - window {
            left += self[slot(oldest)]
            self[slot(oldest)] = 0
        }
        setUsed(used - left)
    }

    /// Counts a cost at a moment that is no later than the newest sub-window and still inside the window.
    func addToSubWindow(_ cost: Int64, at time: Int64) {
        let slot = slot(time.floored(by: subWindow))
        self[slot] = self[slot].adding(cost)
    }
}

extension Int64 {
    /// The quotient rounded towards negative infinity.
    @inline(__always)
    func floored(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// A sum that stops at a quarter of the largest value.
    func adding(_ other: Int64) -> Int64 {
        Swift.min(self + other, Int64.max / 4)
    }
}
