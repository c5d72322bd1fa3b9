import Work

extension WorkKind {
    /// A plan that nobody follows the progress of.
    public func plan(_ source: JobSource) throws -> WorkPlan { try plan(source, progress: ComputeProgress()) }
}
