// Progress on stderr: a bar with rate and ETA where a person watches, a line now and then in a log.

import Pipelines
import Reporting
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Prints progress from any thread.
final class ProgressMeter: Sendable {
  private struct State {
    var stage = ""
    var began = 0.0
    var printed = 0.0
    var width = 0
  }

  private let state = Mutex(State())
  private let isQuiet: Bool

  init(quiet: Bool) { isQuiet = quiet }

  /// Takes one report; most are dropped, so that printing costs nothing.
  func report(_ progress: Progress) {
    guard !isQuiet else { return }
    let now = monotonicSeconds()
    state.withLock { state in
      if state.stage != progress.stage {
        state.stage = progress.stage
        state.began = now
        state.printed = 0
      }
      let ended = progress.done == progress.total
      let interval = Console.isInteractive ? 0.1 : 10.0
      guard ended || now - max(state.printed, state.began) >= interval else { return }
      state.printed = now
      show(progress, seconds: now - state.began, ended: ended, in: &state)
    }
  }

  private func show(_ progress: Progress, seconds: Double, ended: Bool, in state: inout State) {
    let rate = seconds > 0 ? Double(progress.done) / seconds : 0
    var line = "\(progress.stage): \(progress.done) of \(progress.total)"
    if ended {
      line += " in \(fixed(seconds, 1)) s"
    } else if rate > 0 {
      line += ", \(significant(rate, 3))/s"
      line += ", \(duration(Double(progress.total - progress.done) / rate)) left"
    }
    guard Console.isInteractive else { return Console.log(line) }
    let share = progress.total > 0 ? Double(progress.done) / Double(progress.total) : 1
    let filled = Int(share * 24)
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 24 - filled)
    let padding = String(repeating: " ", count: max(0, state.width - line.count))
    state.width = line.count
    Console.progress("\r[\(bar)] \(line)\(padding)" + (ended ? "\n" : ""))
  }

  private func duration(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 1e8).rounded(.up))
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }
}

/// Seconds of a clock that is never set back.
func monotonicSeconds() -> Double {
  var time = timespec()
  // SAFETY: `time` is a local variable.
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Lets SIGINT and SIGTERM ask the work to stop instead of ending the process at once.
func stopOnSignals() {
  for number in [SIGINT, SIGTERM] {
    signal(number) { number in
      // A second signal ends the process at once.
      if Interruption.isRequested { _exit(130) }
      Interruption.request()
    }
  }
}
