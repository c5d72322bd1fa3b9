import Foundation
import Inputs
import TestSupport
import Testing

@Suite struct InputErrorTests {
    @Test("an error that is none, or another one, does not pass for one")
    func others() throws {
        #expect(throws: (any Error).self) { try inputError {} }
        #expect(throws: CocoaError.self) { try complaint { throw CocoaError(.fileReadUnknown) } }
        let error = InputError("here", expected: "this", found: "that")
        #expect(try inputError { throw error } == error)
        #expect(try complaint { throw error } == "here: expected this, found that")
    }
}
