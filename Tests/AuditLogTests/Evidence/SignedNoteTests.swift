import Testing

@testable import AuditLog

/// Notes, keys and heads in the forms of C2SP.
struct SignedNoteTests {
    // The example of Go's golang.org/x/mod/sumdb/note.
    private let golden =
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
        + "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    private let goldenKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

    @Test func theGoldenNoteIsBelieved() throws {
        let key = try #require(NoteVerifier(goldenKey))
        #expect(key.name == "PeterNeumann" && key.id == 0xC74F_20A3 && key.description == goldenKey)
        let note = try #require(SignedNote(golden))
        #expect(note.isSigned(by: key) && note.text.hasSuffix("problem is.\n"))
    }

    @Test func noByteOfANoteMayChange() throws {
        let key = try #require(NoteVerifier(goldenKey))
        let bytes = Array(golden.utf8)
        for place in bytes.indices {
            for bit in 0..<8 {
                var bent = bytes
                bent[place] ^= 1 << UInt8(bit)
                let text = String(validating: bent, as: UTF8.self)
                #expect(!(text.flatMap { SignedNote($0) }?.isSigned(by: key) ?? false), "byte \(place), bit \(bit)")
            }
        }
    }

    @Test func noByteOfAKeyMayChange() {
        let bytes = Array(goldenKey.utf8)
        for place in bytes.indices {
            var bent = bytes
            bent[place] ^= 1
            #expect(NoteVerifier(String(decoding: bent, as: UTF8.self)) == nil, "byte \(place)")
        }
    }

    @Test func whatAKeySignsItsVerifierBelieves() throws {
        let signer = try #require(NoteSigner(newKeyNamed: "host/gateway/0011"))
        let again = try #require(NoteSigner(name: "host/gateway/0011", secret: signer.secret))
        let other = try #require(NoteSigner(newKeyNamed: "host/gateway/0011"))
        #expect(again.verifier == signer.verifier && again.verifier != other.verifier)
        let root = Array("x".utf8).withUnsafeBytes { TreeHash.leaf($0) }
        let head = TreeHead(origin: "host/gateway/0011", size: 12, root: root)
        let note = try #require(SignedNote(try head.note(signedBy: signer)))
        #expect(note.isSigned(by: again.verifier) && !note.isSigned(by: other.verifier))
        #expect(TreeHead(text: note.text) == head)
        // A second signature, by a witness, changes nothing.
        let witness = try #require(NoteSigner(newKeyNamed: "witness"))
        let both = try #require(SignedNote(try head.note(signedBy: signer) + witness.signature(of: head.text)))
        #expect(both.isSigned(by: signer.verifier) && both.isSigned(by: witness.verifier))
    }

    @Test(arguments: [
        "", "\n", "\n\n", "text\n", "text\n\n", "text\n\nno mark\n", "text\n\n\u{2014} name\n",
        "text\n\n\u{2014} name AAAA\n",
        "text\n\n\u{2014} name !!!!\n", "text\n\n\u{2014} a b c\n", "a\tb\n\n\u{2014} name AAAAAAA=\n",
        "text\n\n\u{2014} name AAAAAAA=", "text\n\n\u{2014} na+me AAAAAAA=\n", "text\n\n\u{2014}  AAAAAAA=\n",
    ])
    func whatIsNoNoteIsRefused(text: String) {
        #expect(SignedNote(text) == nil)
    }

    @Test(arguments: [
        "", "o\n", "o\n1\n", "o\n1\nAAAA\n", "\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "o\n01\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "o\n-1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "o\n+1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "o\n18446744073709551616\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
    ])
    func whatIsNoHeadIsRefused(text: String) {
        #expect(TreeHead(text: text) == nil)
        #expect(TreeHead(text: "o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nmore\n") != nil)
    }
}
