import Inputs

/// What a test meets where an error should have been.
struct NoInputError: Error, CustomStringConvertible {
    var description: String { "expected an InputError, found no error" }
}

/// The `InputError` that `body` throws. Throws where there is none, or another error.
public func inputError<Result>(_ body: () throws -> Result) throws -> InputError {
    do {
        _ = try body()
    } catch let error as InputError {
        return error
    }
    throw NoInputError()
}

/// The text of the `InputError` that `body` throws. Throws where there is none, or another error.
public func complaint<Result>(_ body: () throws -> Result) throws -> String {
    try inputError(body).description
}
