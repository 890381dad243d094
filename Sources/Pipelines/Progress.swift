// What a long run tells while it works.

import Synchronization

/// A stage of a run and how far it is.
public struct Progress: Sendable, Equatable {
  /// What is being done, for instance "features".
  public var stage: String
  /// How many units of the stage are done.
  public var done: Int
  /// How many units the stage has.
  public var total: Int

  /// A stage and how far it is.
  public init(stage: String, done: Int, total: Int) {
    self.stage = stage
    self.done = done
    self.total = total
  }
}

/// Receives progress from any thread.
public typealias ProgressHandler = @Sendable (Progress) -> Void

/// Whether the user has asked the program to stop.
public enum Interruption {
  private static let flag = Atomic<Bool>(false)

  /// Asks the running work to stop at the next safe point.
  public static func request() { flag.store(true, ordering: .relaxed) }

  /// Whether a stop was asked for.
  public static var isRequested: Bool { flag.load(ordering: .relaxed) }

  /// - Throws: `Interrupted` when a stop was asked for.
  public static func check() throws(Interrupted) {
    if isRequested { throw Interrupted() }
  }
}

/// The user stopped the run; finished work is kept.
public struct Interrupted: Error, Sendable, CustomStringConvertible {
  /// What to tell the user.
  public var description: String {
    "interrupted; finished work is kept, run the same command to go on"
  }
}

/// Counts finished units from several threads and reports them.
final class ProgressCounter: Sendable {
  private let stage: String
  private let total: Int
  private let handler: ProgressHandler?
  private let done = Atomic<Int>(0)

  init(_ stage: String, total: Int, _ handler: ProgressHandler?) {
    self.stage = stage
    self.total = total
    self.handler = handler
    handler?(Progress(stage: stage, done: 0, total: total))
  }

  func advance() {
    let count = done.wrappingAdd(1, ordering: .relaxed).newValue
    handler?(Progress(stage: stage, done: count, total: total))
  }
}
